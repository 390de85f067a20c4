import {
  type Advice,
  type Op,
  OP_KINDS,
  placeOf,
  rowOf,
  SYSCALL_KINDS,
  type SyscallKind,
} from "../../src/trace/op.ts";
import type { Field, Values } from "../../src/trace/fields.ts";
import { opSchema } from "../../src/trace/opschema.ts";
import { opFault, type World } from "../../src/trace/trace.ts";
import { type Letter, lettersOf as coreLetters } from "./alphabet.ts";
import { type Bounds, procsOf, worldOf } from "./bounds.ts";

/** Letters beyond the core alphabet, by what they widen; taken from the one description of ops. */
interface Group {
  readonly name: string;
  readonly kind: SyscallKind;
  /** The field that takes its other values; "range": places and lengths; none: every op of the kind. */
  readonly widens?: string;
  readonly words: string;
}

const RANGE = "range";

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Every value of a field within the bounds; undefined for one that is left out. */
function valuesOf(field: Field, bounds: Bounds): Values[string][] {
  const { vpages, pfns } = worldOf(bounds);
  switch (field.role) {
    case "choice":
      return [...field.values];
    case "flag":
      return [field.optional ? undefined : false, true];
    case "proc":
      return procsOf(bounds);
    case "virtual":
      return [...(field.optional ? [undefined] : []), ...upTo(vpages)];
    case "length":
      return upTo(vpages + 1).filter((value) => value >= field.least);
    case "pfn":
      return upTo(pfns);
    case "region":
      // There is one region, which an op means that names none.
      return [undefined];
    default:
      return [];
  }
}

const fieldsOf = (kind: SyscallKind) => Object.entries<Field>(rowOf(kind).fields);

const isMark = ({ role }: Field) => role === "choice" || role === "flag";
const isPlace = ({ role }: Field) => role === "virtual" || role === "length" || role === "pfn";

/** Each of some ops with every combination of values of the fields that are asked for. */
function spread(
  ops: readonly Values[],
  kind: SyscallKind,
  isAsked: (field: Field) => boolean,
  bounds: Bounds,
): Values[] {
  return fieldsOf(kind)
    .filter(([, field]) => isAsked(field))
    .reduce<Values[]>(
      (wide, [name, field]) =>
        wide.flatMap((op) => valuesOf(field, bounds).map((value) => ({ ...op, [name]: value }))),
      [...ops],
    );
}

/** In larger windows than bounds span by themselves one place or length varies at a time. */
const MOST_PAGES = 12;

/** Each of some ops with every place and length in the window. */
function placedIn(ops: readonly Values[], kind: SyscallKind, bounds: Bounds): Values[] {
  if (worldOf(bounds).vpages <= MOST_PAGES) return spread(ops, kind, isPlace, bounds);
  const places = fieldsOf(kind).filter(([, field]) => isPlace(field));
  return places.flatMap(([, place]) => spread(ops, kind, (field) => field === place, bounds));
}

const of = (kind: SyscallKind, core: readonly Letter[]): Values[] =>
  core.flatMap(({ op }) => (op.op === kind ? [op] : []));

/** The values of a mark that no core letter of its kind has. */
function otherValues(kind: SyscallKind, name: string, core: readonly Letter[]): Values[string][] {
  const known = new Set(of(kind, core).map((op) => op[name]));
  return fieldsOf(kind)
    .flatMap(([each, field]) => (each === name && isMark(field) ? valuesOf(field, SAMPLE) : []))
    .filter((value) => !known.has(value));
}

const SAMPLE: Bounds = { procs: 2, slots: 2, pages: 2, depth: 1 };
const CORE = coreLetters(SAMPLE);

function groupsOf(kind: SyscallKind): Group[] {
  const where = "wherever its process is alive";
  if (of(kind, CORE).length === 0)
    return [{ name: kind, kind, words: `${kind}: every one, ${where}` }];
  const hasRange = fieldsOf(kind).some(([, { role }]) => role === "virtual");
  return [
    ...(hasRange
      ? [
          {
            name: `${kind}.${RANGE}`,
            kind,
            widens: RANGE,
            words: `${kind}: every place and length in the window, ${where}`,
          },
        ]
      : []),
    ...fieldsOf(kind)
      .filter(([name]) => otherValues(kind, name, CORE).length > 0)
      .map(([name]) => ({
        name: `${kind}.${name}`,
        kind,
        widens: name,
        words: `${kind}: every other ${name}, ${where}`,
      })),
  ];
}

/** Every group by name, in the order of the description. */
const GROUPS: readonly Group[] = SYSCALL_KINDS.flatMap(groupsOf);

export const GROUP_NAMES: readonly string[] = GROUPS.map(({ name }) => name);

/** Says of what the alphabet is made beyond its core, as the certificate states it. */
export function wordsOfGroups(names: readonly string[]): string[] {
  return GROUPS.filter(({ name }) => names.includes(name)).map(({ words }) => words);
}

/** What decides which pages an op is about: its places vary with each value of it. Others vary apart. */
const DECIDES_PAGES = "via";

/** Every op that the groups of one kind add to its core letters. */
function opsOf(
  kind: SyscallKind,
  groups: readonly Group[],
  core: readonly Letter[],
  bounds: Bounds,
) {
  if (groups.some(({ widens }) => widens === undefined)) {
    return spread([{ op: kind }], kind, () => true, bounds);
  }
  const widens = new Set(groups.map((group) => group.widens));
  const vary = (ops: readonly Values[], name: string) =>
    ops.flatMap((op) => otherValues(kind, name, core).map((value) => ({ ...op, [name]: value })));
  const own = of(kind, core);
  const ways = widens.has(DECIDES_PAGES) ? [...own, ...vary(own, DECIDES_PAGES)] : own;
  const placed = widens.has(RANGE) ? placedIn(ways, kind, bounds) : ways;
  const marks = fieldsOf(kind).flatMap(([name]) =>
    name !== DECIDES_PAGES && widens.has(name) ? [name] : [],
  );
  return [...placed, ...marks.flatMap((name) => vary(kind === "mmap" ? ways : placed, name))];
}

/** Whether a letter of a group is tried: it meets a VMA, or the process has none that could decide anything. */
function meets(op: Op, world: World): Letter["applies"] {
  // Where VMAs are short, how many there are decides what becomes of any op.
  if (op.op === "mmap" || world.maps !== undefined) return always;
  const places = rowOf(op.op).spans.map((span) => placeOf(op, span));
  if (places.length === 0) return always;
  return (space) =>
    space.find(0) === null ||
    places.some(({ at, pages }) => {
      const vma = space.find(at);
      return vma !== null && vma.start < at + Math.max(pages, 1);
    });
}

const always = () => true;

/**
 * The letters of the core alphabet and of the bounds' groups, each op once. `isWhole`: with those
 * that do what another one does, and where they do what they do in an empty process.
 */
export function lettersOf(bounds: Bounds, isWhole = false): Letter[] {
  const core = coreLetters(bounds);
  const names = bounds.with ?? [];
  if (names.length === 0) return core;
  const world: World = worldOf(bounds);
  const wide = new Map<string, Letter>();
  for (const kind of SYSCALL_KINDS) {
    const groups = GROUPS.filter((group) => group.kind === kind && names.includes(group.name));
    if (groups.length === 0) continue;
    for (const values of opsOf(kind, groups, core, bounds)) {
      const op = opSchema.parse(values);
      if (opFault(op, world) !== null || (!isWhole && isRedundant(op, world))) continue;
      wide.set(keyOf(op), { op, applies: isWhole ? always : meets(op, world) });
    }
  }
  return [...core.filter(({ op }) => !wide.has(keyOf(op))), ...wide.values()];
}

/** Of advices that do alike the ones that are left out: marks as `random`, `dontdump`; others as `free`. */
const REDUNDANT: readonly Advice[] = [
  "sequential",
  "hugepage",
  "nohugepage",
  "wipeonfork",
  "keeponfork",
  "mergeable",
  "unmergeable",
  "cold",
  "pageout",
  "dontneed_locked",
];

/** Whether another letter does the same: a test explores with and without these. */
function isRedundant(op: Op, { mtrr, pat }: World): boolean {
  switch (op.op) {
    case "madvise":
      return REDUNDANT.includes(op.advice);
    case "mprotect":
      // A key marks a VMA and cuts it, as advice does.
      return op.pkey !== undefined;
    case "mmap":
      // Of a device it maps uncached, as a resource is, where there is PAT; and what may not be read is as what may not be written.
      if (op.via === "devmem_sync" && mtrr === "uncached" && pat !== false) return true;
      return op.via !== "anon" && op.prot === "none";
    case "mremap":
      // What does not grow has no need to move, and what is to stay must not change its length.
      if (op.maymove === true) return op.to !== undefined || op.newPages <= op.pages;
      return op.dontunmap === true && op.newPages !== op.pages;
    default:
      return false;
  }
}

/**
 * Whether an op that reserves asks for the one or the other of the two modes that every rule treats
 * alike, each as well as the other: then states that differ in their names only are one.
 */
export function asksAlike(op: Op): boolean {
  if (op.op === "mmap") return op.via === "resource" || op.via === "resource_wc";
  // fork() reserves what its parent has, and a fault what a driver's handler asks for.
  return op.op === "fork" || op.op === "touch" || !rowOf(op.op).allocates.includes("memtype");
}

/** An op in words that do not depend on the order of its fields. */
function keyOf(op: Op): string {
  const values: Values = op;
  const fields = Object.keys(rowOf(op.op).fields).map((name) => String(values[name]));
  return `${OP_KINDS.indexOf(op.op)} ${fields.join(" ")}`;
}
