import { z } from "zod";
import { SIDES, type Side, SYMPTOMS } from "../../src/oracle/finding.ts";
import type { Op } from "../../src/trace/op.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";
import { wordsOfCore } from "./alphabet.ts";
import { begunBoundsSchema, type Bounds, worldOf } from "./bounds.ts";
import { symptomKey } from "./expander.ts";
import { wordsOfGroups } from "./groups.ts";
import { ASPECTS } from "./pair.ts";
import type { SearchResult } from "./search.ts";

const depth = z.int().min(1);

const sideSchema = z.strictObject({
  side: z.enum(SIDES),
  /** Symptoms that showed on the side, with the fewest ops after which they do. */
  shown: z.array(z.strictObject({ symptom: z.enum(SYMPTOMS), depth })),
  /** Symptoms that no sequence within the bounds shows. */
  absent: z.array(z.enum(SYMPTOMS)),
});

/**
 * pfndiff/certificate@1: what an exploration of two backends within its bounds reached. Nothing in
 * it depends on the machine, the time or the number of jobs, so that it can be computed again.
 */
export const certificateSchema = z.strictObject({
  format: z.literal("pfndiff/certificate@1"),
  before: z.string(),
  after: z.string(),
  bounds: begunBoundsSchema,
  /** Whether the oracle judged; without it only what the sides show was compared. */
  judged: z.boolean(),
  alphabet: z.array(z.string()),
  /** The sides had parted when the beginning was over: no signature is judged. */
  beganParted: z.literal(true).optional(),
  levels: z.array(
    z.strictObject({
      depth,
      transitions: z.int().min(0),
      states: z.int().min(0),
      hash: z.string().regex(/^[0-9a-f]{16}$/),
    }),
  ),
  /** Before and after; none without the oracle. */
  sides: z.array(sideSchema).max(SIDES.length),
  /** Where the sides show different things, finding or not; `depth` and `trace` of the shortest. */
  differences: z.array(
    z.strictObject({
      aspect: z.enum(ASPECTS),
      transitions: z.int().min(0),
      depth: depth.optional(),
      trace: traceSchema.optional(),
    }),
  ),
  /** The shortest trace of each signature, by length and then by the order of the search. */
  witnesses: z.array(z.strictObject({ signature: z.string(), depth, trace: traceSchema })),
});

export type Certificate = z.infer<typeof certificateSchema>;

/** What was explored. */
export interface Scope {
  readonly before: string;
  readonly after: string;
  readonly bounds: Bounds;
  readonly judged: boolean;
}

/** The certificate of a search that reached its bounds. */
export function certify(scope: Scope, result: SearchResult): Certificate {
  const { before, after, bounds, judged } = scope;
  const traceOf = (name: string, ops: readonly Op[]): Trace => ({
    format: "pfndiff/trace@1",
    name,
    world: worldOf(bounds),
    ops: [...ops],
  });
  const aspects = new Map(result.aspects.map((witness) => [witness.key, witness]));
  return {
    format: "pfndiff/certificate@1",
    before,
    after,
    bounds,
    judged,
    alphabet: [...wordsOfCore(bounds), ...wordsOfGroups(bounds.with ?? [])],
    ...(result.beganParted ? { beganParted: true } : {}),
    levels: [...result.levels],
    sides: judged ? SIDES.map((side) => sideOf(side, result)) : [],
    differences: ASPECTS.map((aspect, at) => {
      const witness = aspects.get(aspect);
      const transitions = result.differing[at] ?? 0;
      if (witness === undefined) return { aspect, transitions };
      const trace = traceOf(`${aspect} differs`, witness.ops);
      return { aspect, transitions, depth: witness.depth, trace };
    }),
    witnesses: result.signatures.map(({ key, depth, ops }) => ({
      signature: key,
      depth,
      trace: traceOf(key, ops),
    })),
  };
}

function sideOf(side: Side, { symptoms }: SearchResult): Certificate["sides"][number] {
  const depths = new Map(symptoms.map(({ key, depth }) => [key, depth]));
  return {
    side,
    shown: SYMPTOMS.flatMap((symptom) => {
      const depth = depths.get(symptomKey(side, symptom));
      return depth === undefined ? [] : [{ symptom, depth }];
    }),
    absent: SYMPTOMS.filter((symptom) => !depths.has(symptomKey(side, symptom))),
  };
}

/** What a certificate says of its first levels alone. */
export function firstLevels(certificate: Certificate, levels: number): Certificate {
  const isWithin = ({ depth }: { readonly depth?: number | undefined }) =>
    depth !== undefined && depth <= levels;
  const { differences, sides } = certificate;
  return {
    ...certificate,
    levels: certificate.levels.filter(isWithin),
    // How often something differs, and what never shows, is known of all levels together only.
    sides: sides.map((side) => ({ ...side, shown: side.shown.filter(isWithin), absent: [] })),
    differences: differences.filter(isWithin).map((one) => ({ ...one, transitions: 0 })),
    witnesses: certificate.witnesses.filter(isWithin),
  };
}

/** Where a certificate, of exploring or of a search, and what was computed again differ, a line each; empty where they agree. */
export function certificateFaults(claimed: object, found: object): string[] {
  const faults: string[] = [];
  compare("", claimed, found, faults);
  return faults;
}

function compare(place: string, claimed: unknown, found: unknown, faults: string[]): void {
  if (isTree(claimed) && isTree(found)) {
    const keys = new Set([...Object.keys(claimed), ...Object.keys(found)]);
    for (const key of keys) {
      const [mine, other] = [valueAt(claimed, key), valueAt(found, key)];
      compare(place === "" ? key : `${place}.${key}`, mine, other, faults);
    }
    return;
  }
  if (claimed === found) return;
  faults.push(`${place}: the file says ${show(claimed)}, computed ${show(found)}`);
}

function isTree(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function valueAt(tree: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(tree, key)?.value;
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
