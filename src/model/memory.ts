import { Mm } from "../mm/mm.ts";
import type { PfnTracking } from "../mm/tracking.ts";
import { Vma } from "../mm/vma.ts";
import { KernelState } from "../pat/kernelstate.ts";
import { MemtypeList } from "../pat/memtype.ts";
import { PfnRanges } from "../pat/pfnmap.ts";
import type { DesignSpec } from "./machine.ts";

/** Puts back what was kept. */
type Undo = () => void;

/** The machine keeps these itself. */
const OF_THE_MACHINE = [Vma, Mm, KernelState, MemtypeList, PfnRanges];

/**
 * Keeps what a design's future depends on besides the VMAs of live processes, which are `vmas`;
 * returns what puts it back, or null where it cannot be kept. `known` belongs to the machine.
 */
export function keepDesign(
  design: PfnTracking,
  { hidesState }: DesignSpec,
  vmas: readonly Vma[],
  known: object,
): Undo | null {
  const tracks = [...new Set(vmas.map(({ track }) => track))].filter((track) => track !== null);
  if (design.keep !== undefined) return design.keep(tracks);
  return hidesState === true ? null : keepState([design, ...tracks], [known]);
}

/**
 * Keeps all that can be reached from some values by properties, elements, keys and members, and
 * returns what puts it back, in the same objects; null where something is met that cannot be looked
 * into. What a closure holds and what a class keeps in private names (#) cannot be seen: whoever
 * has such state must not be kept this way. `known` is left alone.
 */
function keepState(roots: readonly unknown[], known: readonly unknown[]): Undo | null {
  const undo: Undo[] = [];
  const met = new Set<unknown>(known);
  const left = [...roots];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === "function" || typeof value !== "object" || value === null) continue;
    if (met.has(value) || OF_THE_MACHINE.some((part) => value instanceof part)) continue;
    met.add(value);
    const kept = keepObject(value, left);
    if (kept === null) return null;
    undo.push(kept);
  }
  return () => {
    for (const back of undo) back();
  };
}

function keepObject(value: object, reached: unknown[]): Undo | null {
  if (value instanceof Map) {
    const entries = [...value];
    reached.push(...entries.flat());
    return () => {
      value.clear();
      for (const [key, one] of entries) value.set(key, one);
    };
  }
  if (value instanceof Set) {
    const members = [...value];
    reached.push(...members);
    return () => {
      value.clear();
      for (const member of members) value.add(member);
    };
  }
  return isOpaque(value) ? null : keepProperties(value, reached);
}

/** Objects of the language that hold what their properties do not show. */
const OPAQUE = [WeakMap, WeakSet, WeakRef, Promise, Date, ArrayBuffer, DataView, RegExp];

function isOpaque(value: object): boolean {
  return ArrayBuffer.isView(value) || OPAQUE.some((kind) => value instanceof kind);
}

function keepProperties(value: object, reached: unknown[]): Undo {
  const kept = Reflect.ownKeys(value).map((key) => [key, Reflect.get(value, key)] as const);
  for (const [, one] of kept) reached.push(one);
  const names = new Set(kept.map(([key]) => key));
  if (Object.isFrozen(value)) return () => undefined;
  return () => {
    for (const key of Reflect.ownKeys(value)) {
      if (!names.has(key)) Reflect.deleteProperty(value, key);
    }
    for (const [key, one] of kept) Reflect.set(value, key, one);
  };
}
