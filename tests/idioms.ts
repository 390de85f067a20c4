import { readFileSync } from "node:fs";
import { z } from "zod";
import { ERRNOS } from "../src/mm/errno.ts";
import { SHORT_MODE } from "../src/pat/cachemode.ts";
import {
  callSchema,
  type Mapped,
  memtypeSchema,
  type Recording,
  type Step,
} from "../src/trace/recording.ts";
import { traceSchema } from "../src/trace/trace.ts";

/**
 * What a real kernel showed of one op. What is absent did not show: the op succeeded, the memtype
 * list stayed as it was, nothing was logged.
 */
const shownSchema = z.strictObject({
  errno: z.enum(ERRNOS).optional(),
  calls: z.array(callSchema).optional(),
  memtype: z.array(memtypeSchema).optional(),
  /** Kernel messages; a warning or BUG by the function it came from. */
  events: z.array(z.record(z.string(), z.union([z.string(), z.number()]))).optional(),
  /** The mode of the kernel mapping that the op has made. */
  kernelType: z.string().optional(),
  /** Page table entries read after the op: `pfn:mode`, `none`, or `-` where no VMA is. */
  ptes: z
    .strictObject({ proc: z.int(), at: z.int(), pages: z.int(), list: z.array(z.string()) })
    .optional(),
});

type Shown = z.infer<typeof shownSchema>;

const sideSchema = z.strictObject({
  steps: z.array(shownSchema),
  /** The memtype list after the last op. */
  end: z.array(memtypeSchema),
});

const experimentSchema = z.strictObject({
  id: z.string(),
  trace: traceSchema,
  /** What became of it from before to after. */
  class: z.enum(["same", "fixed", "introduced", "changed"]),
  before: sideSchema,
  after: sideSchema,
});

export type Experiment = z.infer<typeof experimentSchema>;
export type ExperimentSide = z.infer<typeof sideSchema>;

/** Driver experiments made on 6.12.117 (before) and 7.2.12 (after), one fresh boot each. */
export function readExperiments(): Experiment[] {
  const url = new URL("./data/driver-idioms.jsonl", import.meta.url);
  const lines = readFileSync(url, "utf8").trimEnd().split("\n");
  return lines.map((line) => experimentSchema.parse(JSON.parse(line)));
}

function pteList(step: Step, { proc, at, pages, list }: NonNullable<Shown["ptes"]>): string[] {
  const vmas = step.vmas[proc] ?? [];
  return Array.from({ length: pages }, (_, n) => {
    const page = at + n;
    const vma = vmas.find(({ start, end }) => start <= page && page < end);
    if (vma === undefined) return "-";
    const run = vma.maps?.find((r) => r.at <= page && page < r.at + r.pages);
    return run === undefined ? "none" : showPte(run, page, list[n]);
  });
}

/** A coherent buffer lies wherever the kernel had room, so of RAM below the block only the mode. */
function showPte(run: Mapped, page: number, expected: string | undefined): string {
  const pfn = run.pfn + (page - run.at);
  const shown = expected?.startsWith("-") && run.ram ? expected.split(":")[0] : pfn;
  return `${shown}:${SHORT_MODE[run.type]}`;
}

/** The events of a step in the words of the experiments. */
function eventsOf(step: Step): Shown["events"] {
  return step.events.flatMap((event): NonNullable<Shown["events"]> => {
    switch (event.kind) {
      case "invalid-free":
        return [{ kind: event.kind, start: event.start, end: event.end }];
      case "conflict":
        return [{ kind: event.kind, found: event.found, other: event.other }];
      case "warn":
      case "bug":
        return [{ kind: event.kind, in: /(\S+)(?::|$)/.exec(event.text)?.[1] ?? "" }];
      case "bad-page-map":
      case "reserve-failed":
      case "type-mismatch":
      case "ram-request":
      case "ram-busy":
      case "crash":
      case "hang":
      case "kernel-leak":
        return [];
    }
  });
}

function shownBy(steps: readonly Step[], index: number, expected: Shown): Shown {
  const step = steps[index] as Step;
  const before = index === 0 ? [] : (steps[index - 1] as Step).memtype;
  const changed = JSON.stringify(before) !== JSON.stringify(step.memtype);
  const events = eventsOf(step) ?? [];
  return {
    ...("errno" in step.result ? { errno: step.result.errno } : {}),
    ...(step.calls === undefined ? {} : { calls: step.calls }),
    ...(changed ? { memtype: step.memtype } : {}),
    ...(events.length === 0 ? {} : { events }),
    ...(expected.kernelType === undefined ? {} : { kernelType: step.kernelMaps?.at(-1)?.type }),
    ...(expected.ptes === undefined
      ? {}
      : { ptes: { ...expected.ptes, list: pteList(step, expected.ptes) } }),
  };
}

/** What a recording shows, in the words of an experiment. */
export function sideOf(recording: Recording, expected: ExperimentSide): ExperimentSide {
  const { steps } = recording;
  return {
    steps: expected.steps.map((shown, index) => shownBy(steps, index, shown)),
    end: steps.at(-1)?.memtype ?? [],
  };
}
