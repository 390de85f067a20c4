import { broken } from "../pat/invariant.ts";
import type { Machine } from "./machine.ts";

/** Looks at every page of every process and at the whole memtype list, and ends the program at a fault. */
export function assertSound({ memtype, processes }: Machine): void {
  const list = memtype.fault();
  if (list !== null) broken(list);
  for (const [proc, mm] of processes) {
    const found = mm.fault();
    if (found !== null) broken(`process ${proc}: ${found}`);
  }
}
