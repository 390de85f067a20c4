import type { Trace } from "../trace/trace.ts";

/** What the evidence makes of a claim. */
export type Judgement = "holds" | "partly" | "fails" | "open";

/** A claim of the series or its discussion, and what the evidence makes of it. */
export interface Claim {
  readonly number: number;
  /** What was claimed, in our own words. */
  readonly claim: string;
  readonly judgement: Judgement;
  /** What was seen and counted, a sentence each. */
  readonly evidence: readonly string[];
  /** The shortest trace for or against, drawn as text, and the finding that it shows. */
  readonly witness?: { readonly text: string; readonly signature?: string };
}

/** A claim whose witness is still a trace. */
export interface JudgedClaim extends Omit<Claim, "witness"> {
  readonly witness?: Witness;
}

/** The shortest trace that was found for or against a claim. */
export interface Witness {
  /** What it shows, in a sentence. */
  readonly says: string;
  readonly trace: Trace;
  /** The two sides that it is to be shown on. */
  readonly pair: PairName;
}

/** The series itself, or a variant against the design that it varies. */
export type PairName = "series" | "erase-by-end" | "lax-fork";
