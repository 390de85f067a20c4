import { constants } from "node:os";
import { CACHE_MODES } from "../../src/pat/cachemode.ts";
import { ALLOCATION_SITES } from "../../src/pat/kernelstate.ts";
import {
  advisedFlags,
  protFlags,
  VM_DONTCOPY,
  VM_PRIVATE,
  VM_SEALED,
} from "../../src/mm/vmaflags.ts";
import type { Recording, Step, TraceEvent, VmaState } from "../../src/trace/recording.ts";
import { ANON, ENTRY_COPIED } from "../../tree/shown.ts";
import { RECORD } from "../../tree/wire.ts";

const PAGE = 4096;
/** Where the region of every answer begins, in pages. */
const BASE = 1 << 20;

const record = (kind: number, ...words: number[]) => [kind, words.length, ...words];

export function textRecord(kind: number, first: number, text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  const words = new Int32Array(Math.floor(bytes.length / 4) + 1);
  new Uint8Array(words.buffer).set(bytes);
  return record(kind, first, ...words);
}

const hex = (page: number) => ((BASE + page) * PAGE).toString(16);
const last = (page: number) => ((BASE + page) * PAGE - 1).toString(16);

/** The kernel's own line for an event. */
function lineOf(event: TraceEvent): string {
  switch (event.kind) {
    case "invalid-free":
      return `x86/PAT: t:1 freeing invalid memtype [mem 0x${hex(event.start)}-0x${last(event.end)}]`;
    case "conflict":
      return `x86/PAT: t:1 conflicting memory types ${hex(event.start)}-${hex(event.end)} ${event.found}<->${event.other}`;
    case "reserve-failed":
      return `x86/PAT: memtype_reserve failed [mem 0x${hex(event.start)}-0x${last(event.end)}], track ${event.track}, req ${event.request}`;
    case "type-mismatch":
      return `x86/PAT: t:1 map pfn expected mapping type ${event.request} for [mem 0x${hex(event.start)}-0x${last(event.end)}], got ${event.got}`;
    case "warn": {
      const [file, where] = event.text.split(" ");
      return `WARNING: ${file}:1 at ${where}+0x1`;
    }
    default:
      throw new Error(`a program has no line for ${event.kind}`);
  }
}

function vmaWords(vma: VmaState): number[] {
  const flags =
    protFlags(vma.prot) |
    (vma.private ? VM_PRIVATE : 0) |
    (vma.dontfork === true ? VM_DONTCOPY : 0) |
    (vma.sealed === true ? VM_SEALED : 0) |
    advisedFlags(vma.advised ?? []) |
    (vma.anon === true ? ANON : 0) |
    (vma.pat === false ? 1 : 0);
  return [vma.start, vma.end, vma.pfn, flags];
}

/** What the page table has, by page, of the VMAs of a step that shows modes: a private page without one is a copy. */
function entriesOf(vmas: readonly VmaState[]): Map<number, number> {
  const entries = new Map<number, number>();
  for (const { start, end, pfn, private: isPrivate, modes = [] } of vmas) {
    if (isPrivate) for (let page = start; page < end; page++) entries.set(page, ENTRY_COPIED);
    for (const { at, pages, type } of modes) {
      for (let page = at; page < at + pages; page++) {
        entries.set(page, ((pfn + page - start) << 3) | CACHE_MODES.indexOf(type));
      }
    }
  }
  return entries;
}

function stepWords(step: Step, was: Step | null): number[] {
  const errno = "errno" in step.result ? constants.errno[step.result.errno] : 0;
  const words = record(RECORD.STEP, errno);
  for (const event of step.events) words.push(...textRecord(RECORD.LOG, 0, lineOf(event)));
  if (step.failed !== undefined) {
    const { at, nth } = step.failed;
    words.push(...record(RECORD.FAILED, ALLOCATION_SITES.indexOf(at) + 1, nth));
  }
  const list = step.memtype.flatMap(({ start, end, type }) => [
    start,
    end,
    CACHE_MODES.indexOf(type),
  ]);
  if (JSON.stringify(step.memtype) !== JSON.stringify(was?.memtype ?? [])) {
    words.push(...record(RECORD.LIST, ...list));
  }
  for (const proc of Object.keys(was?.vmas ?? {})) {
    if (step.vmas[proc] === undefined) words.push(...record(RECORD.GONE, Number(proc)));
  }
  for (const [proc, vmas] of Object.entries(step.vmas)) {
    const before = was?.vmas[proc];
    if (JSON.stringify(before) !== JSON.stringify(vmas)) {
      words.push(...record(RECORD.VMAS, Number(proc), ...vmas.flatMap(vmaWords)));
    }
    const [old, now] = [entriesOf(before ?? []), entriesOf(vmas)];
    const pages = new Set([...old.keys(), ...now.keys()]);
    const changed = [...pages].filter((page) => old.get(page) !== now.get(page));
    const words2 = changed.flatMap((page) => [page, now.get(page) ?? -1]);
    if (changed.length > 0) words.push(...record(RECORD.PAGES, Number(proc), ...words2));
  }
  return words;
}

/** The answer of a program that shows what a recording (with modes) does. */
export function answerOf({ steps }: Recording): number[] {
  const words = record(RECORD.TRACE, BASE);
  for (const [index, step] of steps.entries())
    words.push(...stepWords(step, steps[index - 1] ?? null));
  return [...words, ...record(RECORD.END)];
}
