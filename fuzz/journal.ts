import { z } from "zod";
import { SIDES } from "../src/oracle/finding.ts";
import { GOALS } from "./goals.ts";
import { type CampaignPlan, planSchema, shortHash } from "./plan.ts";
import { missingRanges, rangeText } from "./ranges.ts";
import { retentionSchema } from "./summary.ts";
import { EMPTY_TALLY, mergeTallies, type RunRange, type Tally } from "./tally.ts";

const count = z.int().min(0);

const rangeSchema = z
  .strictObject({ from: count, to: count })
  .refine(({ from, to }) => from < to, "is empty");

/** Older journals also say whether the sides had parted, which signatures do. */
const exampleSchema = z
  .strictObject({ step: count, run: count, parted: z.boolean().optional() })
  .transform(({ step, run }) => ({ step, run }));

const occurrencesSchema = z.strictObject({
  count: z.int().min(1),
  firstRun: count,
  best: exampleSchema,
  /** Of what shows only where the sides had parted. */
  sides: z.partialRecord(z.enum(SIDES), exampleSchema).optional(),
});

/** A tally as a journal or a queue holds it, under the names of pfndiff/journal@1. */
const writtenTallySchema = z.strictObject({
  ranges: z.array(rangeSchema),
  ops: count,
  notComparable: count,
  retention: retentionSchema,
  retentionBefore: retentionSchema.nullable().default(null),
  goals: z.array(count).length(GOALS.length),
  sightings: z.record(z.string(), occurrencesSchema),
});

/** A tally as it is written. */
export type WrittenTally = Omit<Tally, "occurrences"> & {
  readonly sightings: Tally["occurrences"];
};

export const tallySchema = writtenTallySchema.transform(
  ({ sightings, ...tally }): Tally => ({ ...tally, occurrences: sightings }),
);

/** What tallySchema reads. */
export function writtenTally({ occurrences, ...tally }: Tally): WrittenTally {
  return { ...tally, sightings: occurrences };
}

const entrySchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("plan"),
    format: z.literal("pfndiff/journal@1"),
    plan: planSchema,
  }),
  /** A finished range and the time since the one before. */
  z.strictObject({ kind: z.literal("runs"), tally: tallySchema, milliseconds: z.number().min(0) }),
  /** The results are saved. */
  z.strictObject({ kind: z.literal("end"), digest: z.string() }),
]);

export type JournalEntry = z.infer<typeof entrySchema>;

/** A line of a journal (pfndiff/journal@1): an entry and a hash of it, so that damage shows. */
export function journalLine(entry: JournalEntry): string {
  const written = entry.kind === "runs" ? { ...entry, tally: writtenTally(entry.tally) } : entry;
  return `${JSON.stringify({ sum: shortHash(written), entry: written })}\n`;
}

export function planEntry(plan: CampaignPlan): JournalEntry {
  return { kind: "plan", format: "pfndiff/journal@1", plan };
}

const lineSchema = z.strictObject({ sum: z.string(), entry: z.unknown() });

/** The entry of a line, or null when it is damaged: cut off, altered, or of another format. */
function entryOf(line: string): JournalEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = lineSchema.safeParse(value);
  if (!parsed.success || parsed.data.sum !== shortHash(parsed.data.entry)) return null;
  const entry = entrySchema.safeParse(parsed.data.entry);
  return entry.success ? entry.data : null;
}

/** What the lines of a journal come to, taken in one by one. */
export class JournalReader {
  plan: CampaignPlan | null = null;
  tally: Tally = EMPTY_TALLY;
  /** Time spent on what it holds. */
  milliseconds = 0;
  ended = false;
  /** What is wrong with lines, in words: their runs count as not done. */
  readonly dropped: string[] = [];
  private lines = 0;

  /** Takes in a line; returns a fault that cannot be put right by running again, or null. */
  read(line: string): string | null {
    this.lines += 1;
    const entry = entryOf(line);
    if (this.lines === 1) {
      if (entry?.kind !== "plan")
        return "is not a pfndiff journal (line 1 does not say what it is)";
      this.plan = entry.plan;
    } else if (entry === null) {
      this.dropped.push(`line ${this.lines} is damaged: its runs are done again`);
    } else if (entry.kind === "plan") return `line ${this.lines}: a second campaign begins`;
    else if (entry.kind === "end") this.ended = true;
    else this.add(entry);
    return null;
  }

  private add(entry: Extract<JournalEntry, { kind: "runs" }>): void {
    const twice = overlap(this.tally.ranges, entry.tally.ranges);
    if (twice !== null) {
      this.dropped.push(`line ${this.lines} is dropped: ${rangeText(twice)} were done before`);
      return;
    }
    this.tally = mergeTallies(this.tally, entry.tally);
    this.milliseconds += entry.milliseconds;
  }
}

/** The first range that both hold, or null. */
export function overlap(a: readonly RunRange[], b: readonly RunRange[]): RunRange | null {
  for (const range of b) {
    const [free] = missingRanges(range, a);
    if (free?.from === range.from && free.to === range.to) continue;
    const from = free?.from === range.from ? free.to : range.from;
    const end = a.find((other) => other.from <= from && from < other.to)?.to ?? range.to;
    return { from, to: Math.min(end, range.to) };
  }
  return null;
}
