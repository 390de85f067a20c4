import { type Op, OP_KINDS, rowOf, SYSCALL_KINDS, type SyscallKind } from "../../src/trace/op.ts";
import type { Field, Values } from "../../src/trace/fields.ts";
import { opSchema } from "../../src/trace/opschema.ts";
import { opFault, type World } from "../../src/trace/trace.ts";
import { type Letter, lettersOf as coreLetters } from "./alphabet.ts";
import { type Bounds, procsOf, worldOf } from "./bounds.ts";

/** Letters beyond the core alphabet, by what they widen; taken from the one description of ops. */
interface Group {
  readonly name: string;
  readonly words: string;
  letters(core: readonly Letter[], bounds: Bounds): Values[];
}

type Number = Field & { readonly role: "virtual" | "length" };

const isPlace = (field: Field): field is Number =>
  field.role === "virtual" || field.role === "length";

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Every value of a field within the bounds; undefined for a mark that is left out. */
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
      return upTo(vpages);
    case "length":
      return upTo(vpages + 1).filter((value) => value >= field.least);
    case "pfn":
      return upTo(pfns);
    default:
      return [];
  }
}

/** A kind that the core alphabet does not have: every op of it. */
function groupOfKind(kind: SyscallKind): Group {
  const fields = Object.entries(rowOf(kind).fields);
  return {
    name: kind,
    words: `${kind}: every one, wherever its process is alive`,
    letters: (_core, bounds) =>
      fields.reduce<Values[]>(
        (ops, [name, field]) =>
          ops.flatMap((op) => valuesOf(field, bounds).map((value) => ({ ...op, [name]: value }))),
        [{ op: kind }],
      ),
  };
}

const of = (kind: SyscallKind, core: readonly Letter[]): Values[] =>
  core.flatMap(({ op }) => (op.op === kind ? [op] : []));

/** Every letter of a kind with each other value of one of its fields. */
function groupOfField(kind: SyscallKind, name: string, field: Field): Group {
  return {
    name: `${kind}.${name}`,
    words: `${kind}: each with every other ${name}, wherever its process is alive`,
    letters: (core, bounds) => {
      const letters = of(kind, core);
      const known = new Set(letters.map((op) => op[name]));
      const others = valuesOf(field, bounds).filter((value) => !known.has(value));
      return letters.flatMap((op) => others.map((value) => ({ ...op, [name]: value })));
    },
  };
}

/** Every letter of a kind, and each with one of its places or lengths changed, wherever it lies. */
function groupOfPlaces(kind: SyscallKind, places: readonly (readonly [string, Field])[]): Group {
  return {
    name: `${kind}.range`,
    words: `${kind}: each with any one place or length in the window, wherever its process is alive`,
    letters: (core, bounds) =>
      of(kind, core).flatMap((op) => [
        op,
        ...places
          .filter(([name]) => op[name] !== undefined)
          .flatMap(([name, field]) =>
            valuesOf(field, bounds).map((value) => ({ ...op, [name]: value })),
          ),
      ]),
  };
}

const SAMPLE: Bounds = { procs: 2, slots: 2, pages: 2, depth: 1 };

function groupsOf(kind: SyscallKind, core: readonly Letter[]): Group[] {
  const fields: (readonly [string, Field])[] = Object.entries(rowOf(kind).fields);
  if (of(kind, core).length === 0) return [groupOfKind(kind)];
  const places = fields.filter(([, field]) => isPlace(field));
  return [
    ...(places.length > 0 ? [groupOfPlaces(kind, places)] : []),
    ...fields
      .filter(([, { role }]) => role === "choice" || role === "flag")
      .map(([name, field]) => groupOfField(kind, name, field))
      .filter((group) => group.letters(core, SAMPLE).length > 0),
  ];
}

/** Every group by name, in the order of the description. */
const GROUPS: readonly Group[] = SYSCALL_KINDS.flatMap((kind) =>
  groupsOf(kind, coreLetters(SAMPLE)),
);

export const GROUP_NAMES: readonly string[] = GROUPS.map(({ name }) => name);

/** Says of what the alphabet is made beyond its core, as the certificate states it. */
export function wordsOfGroups(names: readonly string[]): string[] {
  return GROUPS.filter(({ name }) => names.includes(name)).map(({ words }) => words);
}

const always = () => true;

/** The letters of the core alphabet and of the bounds' groups, each op once. */
export function lettersOf(bounds: Bounds): Letter[] {
  const core = coreLetters(bounds);
  const names = bounds.with ?? [];
  if (names.length === 0) return core;
  const world: World = worldOf(bounds);
  const wide = new Map<string, Letter>();
  for (const group of GROUPS) {
    if (!names.includes(group.name)) continue;
    for (const values of group.letters(core, bounds)) {
      const op = opSchema.parse(values);
      if (opFault(op, world) === null) wide.set(keyOf(op), { op, applies: always });
    }
  }
  return [...core.filter(({ op }) => !wide.has(keyOf(op))), ...wide.values()];
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
