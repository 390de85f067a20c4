import type { PlanSource } from "../../fuzz/sources.ts";
import type { RunRange, Occurrences, Tally } from "../../fuzz/tally.ts";
import type { CampaignFinding } from "../oracle/finding.ts";
import type { Trace } from "../trace/trace.ts";

/** What a worker thread is told when it starts. */
export interface WorkerSetup {
  readonly before: string;
  readonly after: string;
  readonly seed: number;
  readonly source: PlanSource;
  readonly corpus: readonly Trace[];
  /** Programs of trees, by id. */
  readonly programs: Readonly<Record<string, string>>;
}

/** One piece of work for a worker thread. */
export type WorkerTask =
  | { readonly kind: "tally"; readonly range: RunRange }
  | {
      readonly kind: "shrink";
      readonly signature: string;
      readonly seen: Occurrences;
      readonly mostMs?: number | undefined;
    };

/** What came of it. An error of ours is a value, so that a rejection means that the thread died. */
export type WorkerAnswer =
  | { readonly kind: "tally"; readonly tally: Tally }
  | { readonly kind: "finding"; readonly finding: CampaignFinding }
  | { readonly kind: "fault"; readonly stack: string };
