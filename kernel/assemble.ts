import { constants } from "node:os";
import { ERRNOS, type Errno } from "../src/mm/errno.ts";
import type {
  CallState,
  Design,
  Recording,
  Result,
  Step,
  TraceEvent,
  VmaState,
} from "../src/trace/recording.ts";
import type { Op } from "../src/trace/op.ts";
import type { Trace } from "../src/trace/trace.ts";
import type { RawStep, RawTrace } from "./answer.ts";
import { CALL_CODE, CALLED } from "./driverwire.ts";
import { parseLogLine } from "./parse/log.ts";
import { WORDS } from "./parse/message.ts";
import { parseMemtypeList, UnreadableKernelText, type WorldWindow } from "./parse/memtype.ts";
import { kernelMapsIn, ramIn, rowsIn, runsIn } from "./parse/pages.ts";
import { failedSite } from "./parse/site.ts";
import { complaintsIn, type Splat } from "./parse/splat.ts";
import { type ModuleMemory, parseVmas } from "./parse/vmas.ts";
import { virtualWindow } from "./windows.ts";

/** The kernel that ran: what it calls itself, and which design it showed. */
export interface RunningKernel {
  readonly release: string;
  readonly design: Design;
}

/** The guest that showed a trace: its kernel, and where its module has RAM, if it has one. */
export interface ShownBy {
  readonly kernel: RunningKernel;
  readonly module: ModuleMemory | null;
}

/** Errnos by number. */
export const ERRNO_NAMES = new Map<number, Errno>(
  ERRNOS.map((name) => [constants.errno[name], name]),
);

/** Begins what a kernel says when what a trace has left is taken down. */
export const LATE = "when the processes that were left ended";

function resultOf(errno: number): Result {
  if (errno === 0) return { ok: true };
  const name = ERRNO_NAMES.get(errno);
  if (name === undefined) throw new UnreadableKernelText(`errno ${errno} has no name here`);
  return { errno: name };
}

/** What failed in a step. Its stack has to be that of the site that the op names: another is no answer to the trace. */
function failedIn({ hasFailed, log }: RawStep, { op, fault }: Op): Pick<Step, "failed"> {
  if (!hasFailed) return {};
  const at = failedSite(log);
  if (fault?.at !== at) throw new UnreadableKernelText(`site ${at} failed in ${op}, not as told`);
  return { failed: fault };
}

/** A trace, and where its region and virtual page 0 are. */
interface Place {
  readonly trace: Trace;
  readonly window: WorldWindow;
  readonly address: number;
}

/** What a call of a driver returned. */
function callIn([code = 0, errno = 0, pages = 0]: readonly number[]): CallState {
  const call = CALLED[code - CALL_CODE];
  if (call === undefined) throw new UnreadableKernelText(`there is no call ${code}`);
  const result = resultOf(errno);
  return {
    call,
    ...("errno" in result ? { errno: result.errno } : {}),
    ...(pages === 0 ? {} : { pages }),
  };
}

/** What the module shows besides; a field is there where it has something to tell. */
function shownByModule(raw: RawStep): Pick<Step, "calls" | "kernelMaps" | "ram"> {
  const calls = rowsIn(raw.calls, 3).map(callIn);
  const kernelMaps = kernelMapsIn(raw.kernelMaps);
  const ram = ramIn(raw.ram);
  return {
    ...(calls.length === 0 ? {} : { calls }),
    ...(kernelMaps.length === 0 ? {} : { kernelMaps }),
    ...(ram.length === 0 ? {} : { ram }),
  };
}

function stepOf(raw: RawStep, op: Op, place: Place, { kernel, module }: ShownBy): Step {
  const { window, address } = place;
  const vmas: Record<string, VmaState[]> = {};
  for (const { proc, text, pages } of raw.vmas) {
    const shown = module === null || pages === null ? null : { module, runs: runsIn(pages) };
    vmas[proc] = parseVmas(text, window, { design: kernel.design, address }, shown);
  }
  return {
    result: resultOf(raw.errno),
    memtype: parseMemtypeList(raw.memtype ?? "", window),
    vmas,
    events: [
      ...raw.log
        .map((line) => parseLogLine(line, window, module?.ram))
        .filter((event) => event !== null),
      ...complaintsOf(raw.log, place, module),
    ],
    ...failedIn(raw, op),
    ...shownByModule(raw),
  };
}

/** Whether a driver of a trace says of its VMAs neither that they map pfns nor that they map pages. */
export const hasBadPages = ({ ops }: Trace): boolean =>
  ops.some((op) => op.op === "drv-mmap" && op.flags === "io");

/** What a kernel complains of, but for bad pages that a trace itself has mapped: those are events of their own. */
function complaintsOf(
  log: readonly string[],
  { trace, window }: Place,
  module: ModuleMemory | null,
): Splat[] {
  if (!hasBadPages(trace)) return complaintsIn(log);
  const isOwn = (line: string) => parseLogLine(line, window, module?.ram)?.kind === "bad-page-map";
  return complaintsIn(log.filter((line) => !isOwn(line)));
}

/** How many bad pages the kernel has told of in a trace's steps and at its end: after 60 it is silent for a minute. */
export function badPagesIn({ steps, late }: RawTrace): number {
  const lines = [...steps.flatMap(({ log }) => log), ...late];
  return lines.filter((line) => line.startsWith(WORDS["bad-page-map"])).length;
}

/** A step in which the kernel ended, or one after it: no process lives, and every op is ESRCH. */
function deadStep(events: readonly TraceEvent[]): Step {
  return { result: { errno: "ESRCH" }, memtype: [], vmas: {}, events: [...events] };
}

/** The recording of a trace that a kernel ended in: what it showed before, and the op that it ended with. */
export function endedWith(before: Recording, trace: Trace, end: Splat): Recording {
  const dead = trace.ops.slice(before.steps.length).map((_, at) => deadStep(at === 0 ? [end] : []));
  return { ...before, trace, steps: [...before.steps, ...dead] };
}

/**
 * Reads a guest's raw steps into a recording. Throws UnreadableKernelText where the kernel wrote
 * what we cannot read, and when the number of steps is not the number of ops.
 */
export function assemble(trace: Trace, raw: RawTrace, window: WorldWindow, by: ShownBy): Recording {
  const { kernel, module } = by;
  const place = { trace, window, address: virtualWindow(trace) };
  if (raw.steps.length !== trace.ops.length) {
    throw new UnreadableKernelText(`${raw.steps.length} steps for ${trace.ops.length} ops`);
  }
  const steps = trace.ops.map((op, at) => stepOf(raw.steps[at] as RawStep, op, place, by));
  const late = complaintsOf(raw.late, place, module).map((splat) => ({
    ...splat,
    text: `${LATE}: ${splat.text}`,
  }));
  steps.at(-1)?.events.push(...late);
  // No file of a stock kernel tells what mode a page table entry has.
  const unshown: NonNullable<Recording["unshown"]> = module === null ? ["modes"] : [];
  if (trace.ops.some(({ fault }) => fault !== undefined)) unshown.push("faults");
  return {
    format: "pfndiff/recording@1",
    kernel: { release: kernel.release, design: kernel.design },
    ...(unshown.length === 0 ? {} : { unshown }),
    trace,
    steps,
  };
}
