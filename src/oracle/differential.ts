import { type Op, LIMITS } from "../trace/op.ts";
import { bornBy, type World } from "../trace/trace.ts";
import { checkEffect, checkErrno } from "./checks/errno.ts";
import type { Observed, VmaTable } from "./observed.ts";
import { SideOracle } from "./side.ts";

/** How the sides' ledgers of one process differ. */
const EQUAL = 0;
const MODES_DIFFER = 1;
const VMAS_DIFFER = 2;

/**
 * Both sides of one trace, op by op. It knows for which processes the sides have parted: a side
 * is always judged by its own ledger, but results are compared only where the sides were in
 * equal states. Sides meet again when their ledgers are equal again.
 */
export class Differential {
  readonly before = new SideOracle("before");
  readonly after = new SideOracle("after");
  /** Steps whose op ran on different states. */
  notComparable = 0;

  private readonly parting = new Uint8Array(LIMITS.procs);
  private vmasParted = 0;
  private modesParted = 0;

  /** Makes it ready for another trace. */
  reset(world: World): void {
    this.before.reset(world);
    this.after.reset(world);
    this.notComparable = 0;
    if (this.vmasParted + this.modesParted > 0) this.parting.fill(EQUAL);
    this.vmasParted = 0;
    this.modesParted = 0;
  }

  /** How the sides' ledgers of a process differed when last compared; 0 for not at all. */
  partingOf(proc: number): number {
    return this.parting[proc] as number;
  }

  /** Judges one op by what both sides showed after it; the findings gather in the sides. */
  judge(op: Op, before: Observed, after: Observed): void {
    const parted = this.isParted(op);
    this.before.parted = parted;
    this.after.parted = parted;
    this.before.judge(op, before);
    this.after.judge(op, after);
    if (parted) this.notComparable++;
    else if (before.outcome !== after.outcome) {
      checkErrno(this.before, this.after, before.outcome, after.outcome);
    }
    if (!this.mayPart(op, before, after) || this.areAlike(before, after)) return;
    this.compare(op.proc, before, after);
    if (op.op === "revoke") this.compareAll(before, after);
    const child = bornBy(op);
    if (child !== null && child !== op.proc) this.compare(child, before, after);
    if (!parted && this.vmasParted > 0 && before.outcome === after.outcome) {
      checkEffect(this.before, this.after, after.outcome);
    }
  }

  /** Cache modes matter only to what reserves; VMAs matter to every op. */
  private isParted(op: Op): boolean {
    if (this.vmasParted > 0) return true;
    return this.modesParted > 0 && (op.op === "mmap" || op.op === "fork");
  }

  /**
   * A failing op may leave part of its work behind, and not the same part on both sides. What
   * mprotect(), madvise(), mseal() and fork() have done to VMAs the ledger takes as it is seen, so
   * there only the comparison can tell.
   */
  private mayPart(op: Op, before: Observed, after: Observed): boolean {
    const partial = op.op !== "touch" && (before.outcome !== null || after.outcome !== null);
    return (
      partial ||
      isTaken(op) ||
      this.vmasParted + this.modesParted > 0 ||
      before.outcome !== after.outcome ||
      this.before.trouble.symptom !== null ||
      this.after.trouble.symptom !== null ||
      this.before.surprised ||
      this.after.surprised
    );
  }

  /**
   * Sides that were equal are so still if one answer left them with equal VMAs wherever the op
   * reached: that is what both have just been looked at for.
   */
  private areAlike(before: Observed, after: Observed): boolean {
    return (
      this.vmasParted + this.modesParted === 0 &&
      before.outcome === after.outcome &&
      isAsExpected(this.before) &&
      isAsExpected(this.after) &&
      haveEqualRows(this.before.vmas, this.after.vmas)
    );
  }

  /** A revoke by a process that lives on one side only takes pages there only, from all. */
  private compareAll(before: Observed, after: Observed): void {
    for (const { pages } of [this.before, this.after]) {
      for (const [id] of pages.everyLiving()) this.compare(id, before, after);
    }
  }

  private compare(proc: number, before: Observed, after: Observed): void {
    const was = this.parting[proc] as number;
    const is = this.difference(proc, before, after);
    this.parting[proc] = is;
    this.vmasParted += Number(is === VMAS_DIFFER) - Number(was === VMAS_DIFFER);
    this.modesParted += Number(is === MODES_DIFFER) - Number(was === MODES_DIFFER);
  }

  private difference(proc: number, before: Observed, after: Observed): number {
    const mine = this.before.pages.living(proc);
    const other = this.after.pages.living(proc);
    if (mine === null || other === null) return mine === other ? EQUAL : VMAS_DIFFER;
    if (this.vmasDiffer(proc, before, after)) return VMAS_DIFFER;
    let modes = EQUAL;
    const high = Math.max(mine.high, other.high);
    for (let page = Math.min(mine.low, other.low); page < high; page++) {
      const unit = mine.unit[page] ?? null;
      const otherUnit = other.unit[page] ?? null;
      if (unit === null && otherUnit === null) continue;
      if (mine.copied[page] !== other.copied[page]) return VMAS_DIFFER;
      if (unit?.mode !== otherUnit?.mode) modes = MODES_DIFFER;
    }
    return modes;
  }

  /** Compares what is seen of a process, VM_PAT aside. */
  private vmasDiffer(proc: number, before: Observed, after: Observed): boolean {
    const mine = this.before.vmas;
    const other = this.after.vmas;
    before.view.read(proc, mine);
    after.view.read(proc, other);
    return !haveEqualRows(mine, other);
  }
}

/** Whether the ledger takes the op's work on VMAs as it is seen. */
function isTaken({ op }: Op): boolean {
  return op === "mprotect" || op === "madvise" || op === "mseal" || op === "fork";
}

/** Whether the side did what the op and its result lead to. */
function isAsExpected({ trouble, surprised }: SideOracle): boolean {
  return trouble.symptom === null && !surprised;
}

/** Whether two tables show the same VMAs, VM_PAT aside. */
function haveEqualRows(mine: VmaTable, other: VmaTable): boolean {
  if (mine.count !== other.count) return false;
  for (let row = 0; row < mine.count; row++) {
    if (
      mine.start[row] !== other.start[row] ||
      mine.end[row] !== other.end[row] ||
      mine.pfn[row] !== other.pfn[row] ||
      (mine.bits[row] as number) >> 1 !== (other.bits[row] as number) >> 1
    ) {
      return false;
    }
  }
  return true;
}
