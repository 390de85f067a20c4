import { assertNever } from "../assertnever.ts";
import { LIMITS, type Op, type OpOf } from "../trace/op.ts";
import { bornBy, type World } from "../trace/trace.ts";
import { areasDiffer, EQUAL, MODES_DIFFER, VMAS_DIFFER } from "./areas.ts";
import { checkCalls, checkEffect, checkErrno } from "./checks/errno.ts";
import { areEqualSpaces, doFilesDiffer, type Observed, type SeenCall } from "./observed.ts";
import { isOfKernel, type Symptom } from "./severity.ts";
import { SideOracle } from "./side.ts";
import type { SideFinding } from "./sidefinding.ts";

const REACHES_ALL: ReadonlySet<string> = new Set(["revoke", "claim", "drv-zap"]);

/**
 * Both sides of one trace, op by op. It knows for which processes the sides are in different states: a side is
 * always judged by its own ledger, but results are compared only where the states are equal, as they may be again.
 * Once an op has had another result on one side than on the other, or left other VMAs, the sides have parted for
 * the rest of the trace: nothing that shows later says what one design does where the other does not.
 */
export class Differential {
  readonly before = new SideOracle("before");
  readonly after = new SideOracle("after");
  /** Steps whose op ran on different states. */
  notComparable = 0;

  private readonly parting = new Uint8Array(LIMITS.procs);
  private vmasParted = 0;
  private modesParted = 0;
  private apart = false;

  /** Makes it ready for another trace. */
  reset(world: World): void {
    this.before.reset(world);
    this.after.reset(world);
    this.notComparable = 0;
    if (this.vmasParted + this.modesParted > 0) this.parting.fill(EQUAL);
    this.vmasParted = 0;
    this.modesParted = 0;
    this.apart = false;
  }

  /** Keeps what both sides and their parting have come to; returns what puts it back. */
  keep(): () => void {
    const sides = [this.before.keep(), this.after.keep()];
    const { notComparable, vmasParted, modesParted, apart } = this;
    const parting = this.parting.slice();
    return () => {
      for (const back of sides) back();
      this.notComparable = notComparable;
      // It is all zeros where nothing differs.
      if (this.vmasParted + this.modesParted + vmasParted + modesParted > 0) {
        this.parting.set(parting);
      }
      this.vmasParted = vmasParted;
      this.modesParted = modesParted;
      this.apart = apart;
    };
  }

  /** The sides have parted. */
  get haveParted(): boolean {
    return this.apart;
  }

  /** How the sides' ledgers of a process differed when last compared; 0 for not at all. */
  partingOf(proc: number): number {
    return this.parting[proc] as number;
  }

  /** Judges one op by what both sides showed after it; the findings gather in the sides. */
  judge(op: Op, before: Observed, after: Observed): void {
    const differ = this.isParted(op);
    this.before.parted = this.apart || differ;
    this.after.parted = this.apart || differ;
    this.before.judge(op, before);
    this.after.judge(op, after);
    const areEqual = before.outcome === after.outcome;
    if (!this.apart) this.partFindings(areEqual, isChance(before, after));
    if (differ) this.notComparable++;
    else if (!areEqual) checkErrno(this.before, this.after, before, after);
    else checkCalls(this.after, before.calls, after.calls);
    if (this.mayPart(op, before, after) && !this.areAlike(op, before, after)) {
      this.compareReached(op, before, after);
      if (!differ && areEqual && this.haveFilesParted(before, after)) {
        checkEffect(this.before, this.after, after.outcome);
      }
    }
    this.apart ||= !areEqual || this.vmasParted > 0 || !areEqualCalls(before.calls, after.calls);
  }

  /** Judges one op that showed the same on both sides, as all ops of the trace do; mirror() ends the trace. */
  judgeAlike(op: Op, seen: Observed): void {
    this.before.parted = false;
    this.before.judge(op, seen);
  }

  /** What one side came to in a trace that shows the same on both, the other came to as well. */
  mirror(): void {
    const { before, after } = this;
    for (const finding of before.findings) after.findings.push(finding.onSide(after.side));
    Object.assign(after.retention, before.retention);
  }

  /**
   * Where one side took other pages from their places than the other, what became of them is no
   * statement about the other side either; that a mapping was made or refused is. Where only that
   * differs, the new mapping itself may be what keeps a page from being reserved for nobody. Where an
   * allocation that only one design makes has failed, the design is not what they differ by.
   */
  private partFindings(areEqual: boolean, isByChance: boolean): void {
    const [before, after] = [this.before, this.after];
    const isLeft = before.leftPages !== after.leftPages || before.leftPlaces !== after.leftPlaces;
    if (areEqual && !isLeft) return;
    for (const { findings, step } of [before, after]) {
      for (let at = findings.length - 1; at >= 0; at--) {
        const finding = findings[at] as SideFinding;
        if (finding.step !== step) break;
        const { symptom } = finding;
        if (isByChance && !areEqual) finding.parted ||= !isOfKernel(symptom);
        else if (isLeft ? !isOutcome(symptom) : symptom === "over-retention") finding.parted = true;
      }
    }
  }

  /** Cache modes matter only to what reserves; VMAs matter to every op. */
  private isParted(op: Op): boolean {
    return (
      this.vmasParted > 0 || (this.modesParted > 0 && ["mmap", "fork", "peek"].includes(op.op))
    );
  }

  /**
   * An op that fails, or loses an allocation, may leave part of its work behind, and not the same part
   * on both sides. What mprotect(), madvise(), mseal() and fork() have done to VMAs, and drivers to
   * page tables, the ledger takes as it is seen, so there only the comparison can tell.
   */
  private mayPart(op: Op, before: Observed, after: Observed): boolean {
    return (
      (before.outcome !== null && op.op !== "touch") ||
      before.outcome !== after.outcome ||
      before.failed !== null ||
      after.failed !== null ||
      isTaken(op) ||
      this.mayModesDiffer ||
      this.before.hasDrivers ||
      this.after.hasDrivers ||
      this.vmasParted + this.modesParted > 0 ||
      !isAsExpected(this.before) ||
      !isAsExpected(this.after)
    );
  }

  /**
   * Sides that were equal are so still if one answer left them with equal VMAs wherever the op
   * reached.
   */
  private areAlike(op: Op, before: Observed, after: Observed): boolean {
    if (this.vmasParted + this.modesParted > 0 || before.outcome !== after.outcome) return false;
    if (!isAsExpected(this.before) || !isAsExpected(this.after)) return false;
    if (this.before.hasDrivers || this.after.hasDrivers || this.mayModesDiffer) return false;
    // Of other ops all that they reach is compared.
    if (op.op !== "mmap" && op.op !== "munmap" && !isSplit(op)) return false;
    return areEqualSpaces(this.before.space, this.after.space, op.at - 1, op.at + op.pages + 1);
  }

  /**
   * What crosses an edge of the ISA window gets the MTRRs' type, or that of a reservation which happens
   * to be there on one side: either is as expected.
   */
  private get mayModesDiffer(): boolean {
    return this.before.world.isa !== undefined;
  }

  /** Compares the processes that an op has reached. */
  private compareReached(op: Op, before: Observed, after: Observed): void {
    this.compare(op.proc, before, after);
    if (REACHES_ALL.has(op.op)) this.compareAll(before, after);
    const child = bornBy(op);
    if (child !== null && child !== op.proc) this.compare(child, before, after);
  }

  /** A revoke by a process that lives on one side only takes pages there only, from all. */
  private compareAll(before: Observed, after: Observed): void {
    for (const { procs } of [this.before, this.after]) {
      for (const [id] of procs.everyLiving()) this.compare(id, before, after);
    }
  }

  /** Releases join anonymous memory by rules of their own, which is no matter of tracking. */
  private haveFilesParted(before: Observed, after: Observed): boolean {
    const differ = (is: number, proc: number) =>
      is === VMAS_DIFFER && doFilesDiffer(before.space(proc), after.space(proc));
    return this.vmasParted > 0 && this.parting.some(differ);
  }

  private compare(proc: number, before: Observed, after: Observed): void {
    const was = this.parting[proc] as number;
    const is = this.difference(proc, before, after);
    this.parting[proc] = is;
    this.vmasParted += Number(is === VMAS_DIFFER) - Number(was === VMAS_DIFFER);
    this.modesParted += Number(is === MODES_DIFFER) - Number(was === MODES_DIFFER);
  }

  private difference(proc: number, before: Observed, after: Observed): number {
    const mine = this.before.procs.living(proc);
    const other = this.after.procs.living(proc);
    if (mine === null || other === null) return mine === other ? EQUAL : VMAS_DIFFER;
    const [space, twin] = [before.space(proc), after.space(proc)];
    if (space === null || twin === null) return VMAS_DIFFER;
    if (!areEqualSpaces(space, twin, 0, this.before.world.vpages)) return VMAS_DIFFER;
    return areasDiffer(mine, other, this.before.world.vpages);
  }
}

/** Whether an allocation has failed on one side only. */
function isChance(before: Observed, after: Observed): boolean {
  return (before.failed === null) !== (after.failed === null);
}

/** Whether a symptom is what an op came to, and not what it did to pages that were there before. */
function isOutcome(symptom: Symptom): boolean {
  return (
    symptom === "refused" ||
    symptom === "stale-memtype" ||
    symptom === "missed-conflict" ||
    symptom === "errno" ||
    isOfKernel(symptom)
  );
}

function areEqualCalls(before: readonly SeenCall[], after: readonly SeenCall[]): boolean {
  return (
    before.length === after.length &&
    before.every(({ outcome }, n) => outcome === after[n]?.outcome)
  );
}

/** Whether all that an op does to VMAs is to cut them and to mark a piece. */
function isSplit(op: Op): op is OpOf<"mprotect"> | OpOf<"madvise"> | OpOf<"mseal"> {
  return op.op === "mprotect" || op.op === "madvise" || op.op === "mseal";
}

/** Whether the ledger takes the op's work on VMAs or page tables as it is seen. */
function isTaken({ op }: Op): boolean {
  if (op === "claim" || op === "release") return false;
  switch (op) {
    case "mmap":
    case "exit":
    case "munmap":
    case "mremap":
    case "touch":
    case "spawn":
    case "mlock":
    case "munlock":
    case "revoke":
    case "peek":
    case "ioremap":
    case "iounmap":
    case "memremap":
    case "memunmap":
    case "memremap-pages":
    case "memunmap-pages":
    case "reserve-memtype-wc":
    case "free-memtype-wc":
    case "set-memory":
      return false;
    case "mprotect":
    case "madvise":
    case "mseal":
    case "fork":
    case "drv-mmap":
    case "drv-run":
    case "drv-zap":
      return true;
    default:
      return assertNever(op);
  }
}

/** Whether the side did what the op and its result lead to. */
function isAsExpected({ deviation, isUntrue }: SideOracle): boolean {
  return deviation.symptom === null && !isUntrue;
}
