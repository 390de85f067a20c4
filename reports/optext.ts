import { SHORT_MODE } from "../src/pat/cachemode.ts";
import { type CallRow, CALLS, type DriverCallRecord } from "../src/trace/driverop.ts";
import { type Field, type Fields, rangeText, type Span, type Values } from "../src/trace/fields.ts";
import { type Op, type Place, placeOf, rowOf } from "../src/trace/op.ts";
import type { Mapped, Memtype, Result, TraceEvent, VmaState } from "../src/trace/recording.ts";
import { assertNever } from "../src/assertnever.ts";
import { grantText } from "./askedtext.ts";

/** An op in words, such as `munmap p0 [0,1)`. */
export function opText(op: Op): string {
  const row = rowOf(op.op);
  const own = row.words === undefined ? recordText(op, row) : row.words(op);
  const text = `${op.op} ${own}`;
  return op.fault === undefined ? text : `${text}, no memory for ${op.fault.at} ${op.fault.nth}`;
}

/** A call of a driver's handler in words. */
function callText(call: DriverCallRecord): string {
  const row: CallRow = CALLS[call.call];
  const own = recordText(call, row);
  return own === "" ? (row.called ?? call.call) : `${row.called ?? call.call} ${own}`;
}

interface Described {
  readonly fields: Fields;
  readonly spans: readonly Span[];
}

/** The fields of a record in words; a span tells of all of its fields at once. */
function recordText(values: Values, { fields, spans }: Described): string {
  const told: string[] = [];
  const lengths = new Set<string>();
  for (const { length } of spans) if (length !== 1) lengths.add(length);
  for (const [name, field] of Object.entries(fields)) {
    const span = spans.find(({ start }) => start === name);
    if (span !== undefined) {
      told.push(placeText(values, field, placeOf(values, span), span !== spans[0]));
    } else if (!lengths.has(name)) {
      told.push(fieldText(values[name], field));
    }
  }
  return told.filter((text) => text !== "").join(" ");
}

/** Where a span lies; pfns behind other pages are what those are mapped to. */
function placeText(values: Values, { role }: Field, place: Place, isTarget: boolean): string {
  const { at, pages } = place;
  const isCall = "call" in values;
  if (role === "pfn") {
    const base = values["ram"] === true ? "ram" : "pfn";
    // A call maps as much as its window is long, and says so there.
    return `${isTarget ? "= " : ""}${base} ${isCall ? at : rangeText(at, pages)}`;
  }
  if (role === "virtual") return "pages" in values ? rangeText(at, pages) : `page ${at}`;
  if (!isCall) return `off ${rangeText(at, pages)}`;
  if (pages > 0) return rangeText(at, pages);
  return at === 0 ? "whole" : `[${at},end)`;
}

function fieldText(value: Values[string], field: Field): string {
  switch (field.role) {
    case "proc":
    case "born":
      return `p${value}`;
    case "choice":
      return value === undefined ? "" : `${value}`;
    case "flag":
      return field.words[value === true ? 1 : 0];
    case "calls":
      return `{${(value as DriverCallRecord[]).map(callText).join("; ")}}`;
    case "virtual":
      return `page ${value}`;
    case "length":
    case "rest":
      return value === undefined ? "" : `${value} pages`;
    case "offset":
      return `off ${value}`;
    case "pfn":
    case "region":
      return value === undefined ? "" : `of region ${value}`;
    case "slot":
    case "buffer":
      return `${field.role} ${value}`;
    default:
      return assertNever(field);
  }
}

/** `ok` or the errno. */
export function resultText(result: Result): string {
  return "errno" in result ? result.errno : "ok";
}

/** A VMA in words: virtual range, pfns, protection and flags. */
export function vmaText(vma: VmaState): string {
  const pages = vma.end - vma.start;
  const flags = [
    vma.private ? "private" : "shared",
    ...(vma.pat === true ? ["VM_PAT"] : []),
    ...(vma.dontfork === true ? ["dontfork"] : []),
    ...(vma.sealed === true ? ["sealed"] : []),
    ...(vma.advised ?? []),
  ];
  const ofFile = vma.maps === undefined ? `pfn ${rangeText(vma.pfn, pages)}` : mapsText(vma.maps);
  const mapped = vma.anon === true ? "anon" : ofFile;
  const range = rangeText(vma.start, pages);
  const asked = askedText(vma);
  return `${range} = ${mapped} ${vma.prot} ${flags.join(" ")}${asked === "" ? "" : `, ${asked}`}`;
}

/** What a VMA asked for and got, run by run where its pages differ in that; empty where untold. */
export function askedText({ start, end, asked = [] }: VmaState): string {
  const texts = new Set(asked.map(grantText));
  const isWhole = asked.reduce((sum, { pages }) => sum + pages, 0) === end - start;
  if (texts.size === 0) return "";
  if (texts.size === 1 && isWhole) return [...texts].join("");
  const runs: { at: number; pages: number; text: string }[] = [];
  for (const { at, pages, ...grant } of asked) {
    const text = grantText(grant);
    const last = runs.at(-1);
    if (last?.text === text && last.at + last.pages === at) last.pages += pages;
    else runs.push({ at, pages, text });
  }
  return runs.map(({ at, pages, text }) => `${rangeText(at, pages)} ${text}`).join("; ");
}

/** What a driver has mapped, run by run. */
function mapsText(maps: readonly Mapped[]): string {
  const runs = maps.map(({ at, pages, pfn, type, ram }) => {
    const base = ram === true ? "ram" : "pfn";
    return `${rangeText(at, pages)} ${base} ${rangeText(pfn, pages)} ${SHORT_MODE[type]}`;
  });
  return `{${runs.join("; ")}}`;
}

/** A reservation in words. */
export function memtypeText(entry: Memtype): string {
  return `[${entry.start},${entry.end}) ${SHORT_MODE[entry.type]}`;
}

/** A kernel message in words. */
export function eventText(event: TraceEvent): string {
  switch (event.kind) {
    case "warn":
      return `WARN ${event.text}`;
    case "bug":
      return [`BUG ${event.text}`, ...(event.backtrace ?? [])].join(" < ");
    case "crash":
    case "hang":
      return [`${event.kind}: ${event.text}`, ...(event.backtrace ?? [])].join(" < ");
    case "kernel-leak":
      return `not given back: ${event.text}`;
    case "bad-page-map":
      return `bad page map: ${event.ram === true ? "ram" : "pfn"} ${event.start} ${SHORT_MODE[event.type]}`;
    case "invalid-free":
      return `invalid free of [${event.start},${event.end})`;
    case "conflict": {
      const modes = `${SHORT_MODE[event.found]} and ${SHORT_MODE[event.other]}`;
      return `conflicting types ${modes} at [${event.start},${event.end})`;
    }
    case "reserve-failed": {
      const modes = `track ${SHORT_MODE[event.track]}, request ${SHORT_MODE[event.request]}`;
      return `reserve failed for [${event.start},${event.end}): ${modes}`;
    }
    case "ram-busy": {
      const modes = `have ${SHORT_MODE[event.track]}, request ${SHORT_MODE[event.request]}`;
      return `RAM pages [${event.start},${event.end}) ${modes}`;
    }
    case "ram-request": {
      const modes = `wanted ${SHORT_MODE[event.request]}, got ${SHORT_MODE[event.got]}`;
      return `RAM pages [${event.start},${event.end}): ${modes}`;
    }
    case "type-mismatch": {
      const modes = `wanted ${SHORT_MODE[event.request]}, got ${SHORT_MODE[event.got]}`;
      return `type mismatch at [${event.start},${event.end}): ${modes}`;
    }
  }
}
