import { assertNever } from "../src/assertnever.ts";
import { type CacheMode, SHORT_MODE } from "../src/pat/cachemode.ts";
import { rangeText } from "../src/trace/fields.ts";
import type { Op } from "../src/trace/op.ts";
import type { Grant, KernelMap, Request, Standing } from "../src/trace/recording.ts";
import { isDevice, type World } from "../src/trace/trace.ts";

function short(mode: CacheMode | undefined): string {
  return mode === undefined ? "unknown" : SHORT_MODE[mode];
}

/** What was asked for and what was got, such as `UC- as asked` or `asked WC, got UC-`. */
export function grantText({ asked, got }: Pick<Grant, "asked" | "got">): string {
  if (asked !== undefined && asked === got) return `${short(got)} as asked`;
  return `asked ${short(asked)}, got ${short(got)}`;
}

/** Whether a mapping is known to have what it asked for, so that there is nothing to explain. */
export function isAsAsked({ asked, got }: Pick<Grant, "asked" | "got">): boolean {
  return asked !== undefined && asked === got;
}

/** A reservation, whose it is, since when, and who needs it still. */
function standingText(entry: Standing): string {
  const range = `${rangeText(entry.start, entry.end - entry.start)} ${short(entry.type)}`;
  if (entry.step === undefined || entry.op === undefined) return `${range} of an unknown owner`;
  const owner = entry.of === "kernel" ? "the kernel" : `p${entry.proc}`;
  const driver = entry.of === "driver" ? " of a driver's file" : "";
  const made = `${range}, reserved by ${owner}'s ${entry.op}${driver} at step ${entry.step}`;
  return made + holdersText(entry);
}

function holdersText({ of, proc, holders, idle }: Standing): string {
  if (holders === undefined) return "";
  if (of === "kernel") return idle === true ? ", which the kernel does not map any more" : "";
  if (holders.length === 0) return ", which no mapping holds any more: it has leaked";
  const names = holders.map((holder) => `p${holder}`).join(" and ");
  const isOther = holders.length > 1 || holders[0] !== proc;
  if (idle === true) return `, kept for ${names} though nobody maps these pages of it any more`;
  return isOther ? `, held by ${names}` : "";
}

function standingsText(entries: readonly Standing[]): string {
  return entries.map(standingText).join("; and ");
}

/** What stands after a reason that no side told. */
export const WORKED_OUT = " (worked out from the list before and after)";

/** Why a mapping or a request has the mode that it has, or was refused, in a plain sentence. */
export function whyText(
  why: Pick<Request, "by" | "entries" | "derived" | "asked" | "got">,
): string {
  const sentence = reasonText(why);
  return why.derived === true ? `${sentence}${WORKED_OUT}` : sentence;
}

function reasonText({ by, entries = [], asked, got }: Parameters<typeof whyText>[0]): string {
  const there = standingsText(entries);
  switch (by) {
    case "asked":
      return "nothing of another mode stood there";
    case "mtrr":
      return "decided by the MTRRs: they call this memory uncached, so write-back becomes UC-";
    case "reservation":
      return `the mode of what is reserved there is taken: ${there}`;
    case "unreserved":
      return "a page that is only looked up takes the mode of what is reserved; nothing is, so UC-";
    case "page-flags":
      return got === undefined
        ? "RAM pages there have another mode already"
        : "a page of RAM is mapped with the mode that its page flags have";
    case "no-pat":
      return "without PAT a page can be given no such mode, and nothing is reserved";
    case "isa":
      return "in the ISA window (0xa0000 to 0xfffff) nothing is reserved, and every page is mapped write-back";
    case "two-modes":
      return `one mapping cannot have both modes that are reserved there: ${there}`;
    case "mixed":
      return `a part of a VMA takes the mode it finds, and its pages have two (UC- where nothing is reserved): ${there}`;
    case "refused-pair":
      return `${entries.map(({ type }) => short(type)).join("")} may not stand for ${short(asked)}: ${there}`;
    case "other-mode":
      return `no other mode would do here, and one is reserved: ${there}`;
    case "unasked":
      return "the tracking refused before it asked for a reservation: a VMA that holds one already cannot be mapped whole again";
    case "no-memory":
      return "there was no memory for the reservation";
    case "unknown":
      return "nothing in the recording tells why";
    default:
      return assertNever(by);
  }
}

/** A range that a request names. */
export function requestRange({ start, end, ram }: Pick<Request, "start" | "end" | "ram">): string {
  return `${ram === true ? "ram" : "pfn"} ${rangeText(start, end - start)}`;
}

/** A request that came to something else than it asked for, in one sentence. */
export function requestText(request: Request): string {
  const outcome =
    request.got === undefined ? `asked ${short(request.asked)}, refused` : grantText(request);
  return `${requestRange(request)} ${outcome}: ${whyText(request)}`;
}

/** Which calls would have been granted instead of a refused one, or null where nothing tells. */
export function worksText({ works, asked }: Request, op: Op, world: World): string | null {
  if (works === undefined) return null;
  const isSplit = works.length > 1;
  const calls = works.map(({ start, end, type }) => {
    const how = op.op === "mmap" ? ` (${wayIn(type, world)})` : "";
    const same = type === asked && isSplit ? " as here" : "";
    return `pfn ${rangeText(start, end - start)} asking ${short(type)}${same}${how}`;
  });
  const each = isSplit ? "each alone would be granted" : "this would be granted";
  return `${each}: ${calls.join("; ")}`;
}

/** The file that asks for a mode in a region of this kind. */
function wayIn(type: CacheMode, world: World): string {
  const hasFiles = isDevice(world);
  if (type === "uncached-minus") return hasFiles ? "resource" : "/dev/mem with O_SYNC";
  if (type === "write-combining" && hasFiles) return "resource_wc";
  if (type === "write-back" && world.mtrr === "write-back") return "/dev/mem without O_SYNC";
  return "no file of this region asks for that";
}

/** A range that the kernel has mapped for itself, in words. */
export function kernelMapText(map: KernelMap): string {
  const { via, slot, type, asked } = map;
  const mode = asked === undefined ? short(type) : grantText(asked);
  return `${via} slot ${slot} = ${requestRange(map)}, ${mode}`;
}
