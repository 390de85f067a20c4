import { watches } from "../../../reports/repro/ccheck.ts";
import { checksAtExit } from "../../../reports/repro/cstraight.ts";
import type { Program } from "../../../reports/repro/program.ts";
import type { Errno } from "../../../src/mm/errno.ts";
import { type CacheMode, CACHE_MODES } from "../../../src/pat/cachemode.ts";
import type { Memtype, Recording, Step, TraceEvent } from "../../../src/trace/recording.ts";
import type { Ended } from "./machine.ts";

/** What strerror() calls the errnos that such programs meet. */
const ERRORS: Readonly<Record<string, Errno>> = {
  "Operation not permitted": "EPERM",
  "Input/output error": "EIO",
  "Resource temporarily unavailable": "EAGAIN",
  "Cannot allocate memory": "ENOMEM",
  "Bad address": "EFAULT",
  "Device or resource busy": "EBUSY",
  "Invalid argument": "EINVAL",
  "File too large": "EFBIG",
  "Operation not supported": "EOPNOTSUPP",
};

const PAGE = 4096;

/**
 * What the reader of a mail sees of its program, as the step that is checked: the call's result, the list where the
 * mail says to look at it, the kernel's log, and the page that it says is mapped or not.
 */
export function seenBy(program: Program, { output }: Ended): Recording {
  const own = output.slice(
    0,
    output.findIndex((line) => line.startsWith("status ")),
  );
  const rest = output.slice(own.length);
  if (rest[0] !== "status 0") throw new Error(`it did not run: ${output.join("; ")}`);
  const base = Number(rest[1]?.replace("base ", ""));
  const list = rest.slice(2, rest.indexOf("log"));
  const log = rest.slice(rest.indexOf("log") + 1);
  const isPrinted = watches(program) === "list" && !checksAtExit(program);
  const { step: at } = program.expectation;
  const step: Step = {
    result: watches(program) === "result" ? resultOf(own, at) : { ok: true },
    memtype: listOf(isPrinted ? own : list, base, program.world.pfns),
    vmas: mappedOf(own, program),
    events: eventsOf(log),
  };
  const { trace } = program.finding;
  const steps = program.steps.map((): Step => step);
  return { format: "pfndiff/recording@1", trace, steps };
}

function resultOf(own: readonly string[], step: number): Step["result"] {
  const line = own.find((text) => text.startsWith(`${step}: `));
  const told = line?.slice(`${step}: `.length);
  if (told === "ok") return { ok: true };
  const errno = ERRORS[told ?? ""];
  if (errno === undefined) throw new Error(`no errno is called ${told}`);
  return { errno };
}

function listOf(lines: readonly string[], base: number, pfns: number): Memtype[] {
  return lines.flatMap((line) => {
    const [, from, to, name] = /^PAT: \[mem (\w+)-(\w+)\] (\S+)$/.exec(line) ?? [];
    const type = CACHE_MODES.find((mode): mode is CacheMode => mode === name);
    if (from === undefined || to === undefined || type === undefined) return [];
    const [start, end] = [(Number(from) - base) / PAGE, (Number(to) - base) / PAGE];
    return end <= 0 || start >= pfns ? [] : [{ start, end, type }];
  });
}

function eventsOf(log: readonly string[]): TraceEvent[] {
  const has = (words: string) => log.some((line) => line.includes(words));
  return [
    ...(has("freeing invalid memtype")
      ? [{ kind: "invalid-free", start: 0, end: 1 } as const]
      : []),
    ...(has("WARNING: ") ? [{ kind: "warn", text: "it warned" } as const] : []),
  ];
}

function mappedOf(own: readonly string[], { expectation }: Program): Step["vmas"] {
  if (expectation.kind !== "mapping") return {};
  const { proc, page } = expectation;
  if (!own.includes(`page ${page}: mapped`)) return { [proc]: [] };
  return { [proc]: [{ start: page, end: page + 1, prot: "rw", private: false, pfn: 0 }] };
}
