import type { OpOf } from "../trace/op.ts";
import { argument, numberIn, splitArguments } from "./args.ts";
import type { CallLine } from "./lines.ts";
import type { Space } from "./spaces.ts";

/**
 * The protection key of a pkey_mprotect() as an op names it: the first that an address space gives is its own. Null for a
 * second one, which a trace has no room for.
 */
export function keyIn(
  call: CallLine,
  space: Space,
): Required<Pick<OpOf<"mprotect">, "pkey">> | null {
  const text = argument(call, splitArguments(call.text), 3);
  if (text === "-1") return { pkey: "keep" };
  const key = numberIn(call, text);
  if (/^-1 EINVAL\b/.test(call.returned)) return { pkey: "unallocated" };
  if (key === 0) return { pkey: "default" };
  space.key ??= key;
  return space.key === key ? { pkey: "own" } : null;
}
