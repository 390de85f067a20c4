import type { Mm } from "../mm/mm.ts";
import type { Vma } from "../mm/vma.ts";
import { CAME } from "../oracle/listchanges.ts";
import { REGION_PFNS } from "../pat/regionmemory.ts";
import type { Op } from "../trace/op.ts";
import { MachineSide } from "./machineside.ts";
import { mixed, type ShapedSide } from "./shapes.ts";

/** Of an op on many VMAs, how many are looked at. */
const MOST_VMAS = 3;
const MOST_KREF = 3;
/** Shapes of different things must not be taken for each other: each has numbers of its own. */
const PLACE = 1 << 12;
const CONTEXT = 2 << 12;
const RESERVED = 3 << 12;
const PHYSICAL = 4 << 12;
const COUNT = 5 << 12;
const DEAD = 6 << 12;
const ANON = 7 << 12;

/** How a range lies to another, by its ends: 0 to 8, of which 4 is equal. */
function lie(start: number, end: number, from: number, to: number): number {
  return (Math.sign(start - from) + 1) * 3 + Math.sign(end - to) + 1;
}

/** A model whose VMAs, contexts and reservations around an op are told as shapes. */
export class ShapedModel extends MachineSide implements ShapedSide {
  look(op: Op, shapes: number[]): void {
    const mm = this.machine.processes.get(op.proc);
    if (mm === undefined) {
      shapes.push(DEAD);
      return;
    }
    if (op.op === "mmap" && op.via !== "anon") {
      const pfn = op.pfn + (op.region ?? 0) * REGION_PFNS;
      shapes.push(PHYSICAL + this.reserved(pfn, pfn + op.pages));
    }
    const from = "at" in op ? op.at : 0;
    const to = "at" in op ? op.at + ("pages" in op ? Math.max(1, op.pages) : 1) : mm.vpages;
    let count = 0;
    for (let vma = mm.find(from); vma !== null && vma.start < to; vma = mm.after(vma)) {
      if (count++ < MOST_VMAS) this.lookAt(mm, vma, lie(vma.start, vma.end, from, to), shapes);
    }
    shapes.push(COUNT + Math.min(count, MOST_VMAS));
  }

  effect(): number {
    let [came, went] = [0, 0];
    const { all, count } = this.changes;
    for (let at = 0; at < count; at++) {
      if (all[at]?.state === CAME) came++;
      else went++;
    }
    let effect = Math.min(came, 2) * 3 + Math.min(went, 2);
    for (const char of this.outcome ?? "") effect = mixed(effect, char.charCodeAt(0));
    for (const { kind } of this.events) effect = mixed(effect, kind.length);
    return effect;
  }

  private lookAt(mm: Mm, vma: Vma, place: number, shapes: number[]): void {
    if (vma.isAnon) return void shapes.push(ANON + place * 2 + Number(vma.anonVma !== 0));
    const { hasVmPat, contextOf } = this.machine.spec;
    const end = vma.pfn + vma.pages;
    const lost = hasVmPat !== undefined && !hasVmPat(vma);
    const copied = mm.pageTable.isAnon(vma.start);
    shapes.push(
      PLACE + place * 8 + Number(vma.isPrivate) * 4 + Number(lost) * 2 + Number(copied),
      RESERVED + this.reserved(vma.pfn, end),
    );
    const context = contextOf?.(vma) ?? null;
    if (context === null) return void shapes.push(CONTEXT);
    const { pfn, pages, kref } = context;
    const held = lie(pfn, pfn + pages, vma.pfn, end);
    shapes.push(CONTEXT + Math.min(kref, MOST_KREF) * 16 + held + 1);
  }

  /** How the reservations that meet a range lie to it. */
  private reserved(from: number, to: number): number {
    let ways = 0;
    for (const { start, end } of this.reservations()) {
      if (start >= to || end <= from) continue;
      if (start === from && end === to) ways |= (ways & 1) === 1 ? 2 : 1;
      else if (end === to && start < from) ways |= 4;
      else if (start <= from && end >= to) ways |= 8;
      else ways |= 16;
    }
    return ways;
  }
}
