import type { AllocationSite } from "../pat/kernelstate.ts";

/** The largest world and trace that are accepted: enough for every bench, small enough to hold. */
export const LIMITS = {
  pfns: 16_384,
  vpages: 16_384,
  procs: 1_024,
  ops: 200_000,
  maps: 16_384,
  /** Of a world, its own included. */
  regions: 4,
} as const;

/** What a driver's calls, kernel mappings and RAM are limited to. */
export const DRIVER_LIMITS = {
  calls: 64,
  slots: 64,
  buffers: 64,
  bufferPages: 8,
  ramPages: 4_096,
} as const;

/** An allocation that fails within an op, which any op may have: the nth at a site, from 1. */
export interface Fault {
  at: AllocationSite;
  nth: number;
}

/**
 * What a number stands for. Numbers of one role are of one kind: a shrinker lowers them together,
 * a mutation exchanges them, a generator draws them alike.
 *
 * `born` is the process that the op brings to life; `virtual` a page of its address space; `length`
 * a number of pages; `rest` one too, where 0 reaches to the end; `offset` a page of a file or,
 * in a call, of the VMA; `region` which of a world's regions a pfn is in.
 */
export type NumberRole =
  | "proc"
  | "born"
  | "virtual"
  | "length"
  | "rest"
  | "pfn"
  | "offset"
  | "slot"
  | "buffer"
  | "region";

export interface NumberField<
  Optional extends boolean = boolean,
  Role extends NumberRole = NumberRole,
> {
  readonly role: Role;
  readonly least: number;
  readonly most: number;
  readonly optional: Optional;
  /** Of so many records, in how many it is there; drawn when all else has been. */
  readonly apart?: readonly [n: number, of: number];
  /** It says that a driver makes a mistake: drawn where such drivers are asked for. */
  readonly isMistake?: true;
}

/** One of a few words. */
export interface ChoiceField<Value extends string = string, Optional extends boolean = boolean> {
  readonly role: "choice";
  /** It may be absent, which means the first of its ranks. */
  readonly optional: Optional;
  /** As for numbers; one that is then drawn is another than the first. */
  readonly apart?: NumberField["apart"];
  readonly isMistake?: NumberField["isMistake"];
  /** In the order in which the guest program numbers them. */
  readonly values: readonly Value[];
  /** The same from simple to special: what a reader expects comes first. */
  readonly ranks: readonly Value[];
  /** Each as often as a generator is mostly to draw it. */
  readonly mostly: readonly Value[];
  /** Those that take a device, of which there is none in low memory. */
  readonly ofDevice: readonly Value[];
}

/** True or false; where it may be absent, that means false. */
export interface FlagField<Optional extends boolean = boolean> {
  readonly role: "flag";
  readonly optional: Optional;
  /** What a reader is told of it when it is false, and when it is true. */
  readonly words: readonly [off: string, on: string];
  /** Of so many draws, how many are true. */
  readonly drawn: readonly [n: number, of: number];
  /** As for numbers; such a mark is drawn in no other way. */
  readonly apart?: NumberField["apart"];
}

/** What the mmap handler of a driver does, call by call. */
interface CallsField {
  readonly role: "calls";
}

export type Field = NumberField | ChoiceField | FlagField | CallsField;
export type Fields = Readonly<Record<string, Field>>;

/**
 * Pages that a record names, by the names of its fields: `start` or, where that is absent, `or`,
 * and `length`, a field or one page. The role of `start` says where they lie.
 */
export interface Span<Name extends string = string> {
  readonly start: Name;
  readonly or?: Name;
  readonly length: Name | 1;
}

type ValueOf<F extends Field, Calls> = F extends NumberField
  ? number
  : F extends ChoiceField<infer Value>
    ? Value
    : F extends FlagField
      ? boolean
      : Calls[];

type OptionalName<F extends Fields> = {
  [Name in keyof F]: F[Name] extends { readonly optional: true } ? Name : never;
}[keyof F];

/** The record that has these fields, `Calls` being the calls of a driver. */
export type RecordOf<F extends Fields, Calls = never> = {
  -readonly [Name in Exclude<keyof F, OptionalName<F>>]: ValueOf<F[Name], Calls>;
} & {
  -readonly [Name in OptionalName<F>]?: ValueOf<F[Name], Calls> | undefined;
};

/** An intersection as the one object type that it is. */
export type Flat<T> = { [Name in keyof T]: T[Name] };

/** What a field of an op or of a call may hold. */
type Value = number | string | boolean | readonly object[] | Fault | undefined;

/** An op or a call by the names of its fields. */
export type Values = Readonly<Record<string, Value>>;

/** The op of one kind with these fields. */
export type OpRecord<Kind extends string, F extends Fields, Calls = never> = Flat<
  { op: Kind } & RecordOf<F, Calls> & { fault?: Fault | undefined }
>;

function number<Role extends NumberRole>(
  role: Role,
  least: number,
  most: number,
): NumberField<false, Role> {
  return { role, least, most, optional: false };
}

function choice<Value extends string>(
  values: readonly Value[],
  more: Partial<Omit<ChoiceField<Value>, "role" | "values" | "optional">> = {},
): ChoiceField<Value, false> {
  const plain = { optional: false, ofDevice: [] } as const;
  return { role: "choice", values, ranks: values, mostly: values, ...plain, ...more };
}

/** How the fields of ops are made. */
export const field = {
  proc: number("proc", 0, LIMITS.procs - 1),
  born: number("born", 0, LIMITS.procs - 1),
  page: number("virtual", 0, LIMITS.vpages),
  pages: number("length", 1, LIMITS.vpages),
  pagesOrNone: number("length", 0, LIMITS.vpages),
  rest: number("rest", 0, LIMITS.vpages),
  /** Relative to the region or to RAM. */
  pfn: number("pfn", 0, LIMITS.pfns),
  offset: number("offset", 0, LIMITS.vpages),
  slot: number("slot", 0, DRIVER_LIMITS.slots - 1),
  buffer: number("buffer", 0, DRIVER_LIMITS.buffers - 1),
  /** The length of a buffer of coherent memory; absent, 4 pages. */
  bufferPages: {
    ...number("length", 1, DRIVER_LIMITS.bufferPages),
    optional: true,
    apart: [1, 2],
  } satisfies NumberField<true, "length">,
  /** Absent: the world's own; else one of those that it has besides, counted from 1. */
  region: { ...number("region", 0, LIMITS.regions - 1), optional: true } satisfies NumberField<
    true,
    "region"
  >,
  calls: { role: "calls" } satisfies CallsField,
  choice,
  flag: (words: FlagField["words"], drawn: FlagField["drawn"]): FlagField<false> => ({
    role: "flag",
    optional: false,
    words,
    drawn,
  }),
  /** A flag that is mostly left out. */
  mark: (
    on: string,
    drawn: FlagField["drawn"],
    more: Pick<FlagField, "apart"> = {},
  ): FlagField<true> => ({
    role: "flag",
    optional: true,
    words: ["", on],
    drawn,
    ...more,
  }),
  optional: <Role extends NumberRole>(
    given: NumberField<false, Role>,
  ): NumberField<true, Role> => ({ ...given, optional: true }),
} as const;

export const PROTS = ["none", "r", "rw"] as const;
/** Page protection of a VMA. */
export type Prot = (typeof PROTS)[number];

export const prot = choice<Prot>(PROTS, {
  ranks: ["rw", "r", "none"],
  mostly: ["rw", "rw", "rw", "rw", "rw", "r", "none"],
});

/**
 * Given: pkey_mprotect(), with key -1 (`keep`, what mprotect() does), with key 0, with the key that the process has from
 * pkey_alloc() and all rights to, with a key that nobody has allocated.
 */
export const pkey = {
  ...choice(["keep", "default", "own", "unallocated"], {
    apart: [0, 1],
  }),
  optional: true,
} as const;
/** MAP_PRIVATE. */
export const sharing = field.flag(["shared", "private"], [1, 4]);

/** `ram`: the pfn counts pages of RAM, not of the region. */
export const physical = { pfn: field.pfn, ram: field.mark("", [1, 5]) } as const;

/** A half-open range of pages in words. */
export function rangeText(start: number, pages: number): string {
  return `[${start},${start + pages})`;
}
