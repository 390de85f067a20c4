import { SYSCALL_KINDS } from "../trace/op.ts";
import { outcomeOf } from "./errno.ts";
import { KIND, OP, OUTCOME } from "./memory.ts";

/** Causes of findings between the sides are made of what happened, and get numbers from here on. */
export const FIRST_FREE_CAUSE = 64;
const OUTCOMES = 32;
const KINDS = 32;
const EFFECTS = KINDS * OUTCOMES * OUTCOMES;

/** Numbers as they come up, 0 for none yet, by what happened. */
const NUMBERS = new Int32Array(EFFECTS + KINDS * OUTCOMES);
const names: string[] = [];

/** The cause of an op that returned one thing before and another after. */
export const causeOfErrno = (): number => {
  const pair = (OUTCOME[0] as number) * OUTCOMES + (OUTCOME[1] as number);
  return numberOf((OP[KIND] as number) * OUTCOMES * OUTCOMES + pair);
};

/** The cause of an op that returned the same on both sides and left different VMAs. */
export const causeOfEffect = (): number => {
  return numberOf(EFFECTS + (OP[KIND] as number) * OUTCOMES + (OUTCOME[1] as number));
};

/** The name that goes into a signature. */
export const freeCauseName = (cause: number): string => {
  return names[cause - FIRST_FREE_CAUSE] ?? "none";
};

const numberOf = (at: number): number => {
  const known = NUMBERS[at] as number;
  if (known !== 0) return known;
  const [was, is] = [
    outcomeOf(OUTCOME[0] as number) ?? "ok",
    outcomeOf(OUTCOME[1] as number) ?? "ok",
  ];
  const kind = SYSCALL_KINDS[OP[KIND] as number] as string;
  names.push(at < EFFECTS ? `${kind}-${was}-to-${is}` : `${kind}-${is}-effect`);
  NUMBERS[at] = FIRST_FREE_CAUSE + names.length - 1;
  return NUMBERS[at] as number;
};
