import type { ChoiceField, Field, FlagField, NumberField } from "../src/trace/fields.ts";
import { type OPS, rowOf, SYSCALL_KINDS, type SyscallKind } from "../src/trace/op.ts";
import type { VmaEffect } from "../src/trace/syscalls.ts";
import { isApart } from "./apart.ts";

type FieldsOf<K extends SyscallKind> = (typeof OPS)[K]["fields"];
type Extra = ChoiceField | FlagField | NumberField<true, "region">;

/** Kinds that name nothing but a process that is there, pages of it, choices, flags and a region. */
export type PlainKind = {
  [K in SyscallKind]: FieldsOf<K> extends { readonly proc: NumberField<false, "proc"> }
    ? [FieldsOf<K>[Exclude<keyof FieldsOf<K>, "proc" | "at" | "pages">]] extends [Extra]
      ? K
      : never
    : never;
}[SyscallKind];

/** A choice or a flag that is not drawn apart, each value as often as it is to be drawn: mostly, or in even runs. */
export interface Drawn {
  readonly name: string;
  readonly mostly: readonly (string | boolean)[];
  readonly evenly: readonly (string | boolean)[];
  /** It is left out where it is false. */
  readonly isMark: boolean;
}

/** How a plain op is written. */
interface Plan {
  readonly pages: "none" | "one" | "some";
  readonly vmas: VmaEffect;
  /** What else it says. */
  readonly extras: readonly Drawn[];
}

function drawnOf(name: string, field: Field): Drawn[] {
  if (isApart(field)) return [];
  if (field.role === "choice")
    return [{ name, mostly: field.mostly, evenly: field.values, isMark: false }];
  if (field.role !== "flag") return [];
  const [n, of] = field.drawn;
  const values = Array.from({ length: of }, (_, at) => at < n);
  return [{ name, mostly: values, evenly: values, isMark: field.optional }];
}

function planOf(kind: SyscallKind): Plan {
  const { fields, vmas } = rowOf(kind);
  const extras = Object.entries(fields).flatMap(([name, field]) => drawnOf(name, field));
  if (!("at" in fields)) return { pages: "none", vmas, extras };
  return { pages: "pages" in fields ? "some" : "one", vmas, extras };
}

export const PLANS = Object.fromEntries(
  SYSCALL_KINDS.map((kind) => [kind, planOf(kind)]),
) as Readonly<Record<SyscallKind, Plan>>;
