import type { Trace } from "../trace/trace.ts";
import { clearChecks, LATER_CHANGED, LATER_REFUSED, PAGE_OPS } from "./checks.ts";
import { clearPartings, judgeStep } from "./differential.ts";
import { fits, takeWorld } from "./encode.ts";
import { FINDING_COUNT } from "./findings.ts";
import { clearLedger } from "./ledger.ts";
import { boot, perform } from "./machine.ts";
import { GAVE_UP } from "./memory.ts";
import { ROW_COUNT } from "./reservations.ts";
import { type PlainDesign, takeSide } from "./sides.ts";

/** What over-retention cost on one side. */
interface Cost {
  readonly pageOps: number;
  readonly refused: number;
  readonly changed: number;
}

/**
 * Begins a trace; false where its world does not fit. From then on the memory of the thread's flat
 * engine is this trace's.
 */
export const beginTrace = (before: PlainDesign, after: PlainDesign, trace: Trace): boolean => {
  if (!fits(trace)) return false;
  takeSide(0, before);
  takeSide(1, after);
  takeWorld(trace.world);
  GAVE_UP[0] = 0;
  clearPartings();
  for (let s = 0; s < 2; s++) {
    boot(s);
    clearLedger(s);
    ROW_COUNT[s] = 0;
    FINDING_COUNT[s] = 0;
    clearChecks(s);
  }
  return true;
};

/** Performs the op on both sides and judges it; false if the trace is given up. */
export const step = (): boolean => {
  perform(0);
  perform(1);
  if (GAVE_UP[0] !== 0) return false;
  judgeStep();
  return GAVE_UP[0] === 0;
};

/** What over-retention has cost on a side in this trace. */
export const costOf = (s: number): Cost => {
  return {
    pageOps: PAGE_OPS[s] as number,
    refused: LATER_REFUSED[s] as number,
    changed: LATER_CHANGED[s] as number,
  };
};
