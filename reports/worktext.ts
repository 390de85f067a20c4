import type { TrackingCall } from "../src/explain/calls.ts";
import type { Memtype, TraceEvent } from "../src/trace/recording.ts";
import { plural } from "./numbers.ts";
import { eventText, memtypeText } from "./optext.ts";

/** Reservations in words. */
export function listText(list: readonly Memtype[]): string {
  return list.length === 0 ? "nothing reserved" : list.map(memtypeText).join(", ");
}

/** What a function of the tracking did, as its model did it: what it asked for, what it found, what it left. */
export function workText(call: TrackingCall): string {
  const { name, vma, reserved, freed, logged, errno, references, vmPat } = call;
  const did = [
    ...(freed.length === 0 ? reservedText(reserved) : freedText(freed, reserved)),
    ...logged.map(loggedText),
    ...(references === null ? [] : [`leaves the context ${plural(references, "reference")}`]),
    ...(vmPat === null ? [] : [vmPat ? "sets VM_PAT" : "clears VM_PAT"]),
    ...(errno === null ? [] : [`returns ${errno}`]),
  ].join("; ");
  return vma === null
    ? `outside the tracking: ${did}`
    : `${name} on [${vma.start},${vma.end}): ${did}`;
}

function reservedText(reserved: readonly Memtype[]): string[] {
  return reserved.length === 0 ? [] : [`reserves ${listText(reserved)}`];
}

/** What is cut is one entry that went and one that came in its place; anything else went whole. */
function freedText(freed: readonly Memtype[], reserved: readonly Memtype[]): string[] {
  const [old, left] = [freed[0], reserved[0]];
  const isCut =
    freed.length === 1 && reserved.length === 1 && old?.start === left?.start && old !== undefined;
  if (!isCut || left === undefined || left.end >= old.end) {
    const gone = freed.map(
      (entry) => `asks for ${pagesOf(entry)}, an entry is equal: ${memtypeText(entry)} goes`,
    );
    return [...gone, ...reservedText(reserved)];
  }
  const asked = pagesOf({ start: left.end, end: old.end });
  return [
    `asks for ${asked}, no entry is equal, the erase by end cuts ${memtypeText(old)} to ${pagesOf(left)}`,
  ];
}

function loggedText(event: TraceEvent): string {
  if (event.kind !== "invalid-free") return `logs ${eventText(event)}`;
  return `asks for ${pagesOf(event)}, no entry is equal: it logs "${eventText(event)}"`;
}

function pagesOf({ start, end }: { readonly start: number; readonly end: number }): string {
  return `[${start},${end})`;
}
