import { CACHE_MODES, SHORT_MODE } from "../pat/cachemode.ts";
import { isDriverOp } from "../trace/driverkinds.ts";
import type { DriverCallRecord } from "../trace/driverop.ts";
import type { Op } from "../trace/op.ts";
import type { Recording, Step, VmaState } from "../trace/recording.ts";
import { ToldFinding } from "./told.ts";
import type { Side, Symptom } from "./finding.ts";
import type { Retention } from "./state.ts";

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Calls that drivers make, from the one that says most of a handler to the one that says least. */
const TELLING: readonly DriverCallRecord["call"][] = [
  "remap-window",
  "dma-window",
  "fault-handler",
  "zap",
  "dma",
  "remap",
];

/** The cause of a symptom that shows after an op: its kind, or the most telling call it makes. */
export function driverCause(op: Op): string {
  if (!isDriverOp(op) || !("calls" in op)) return op.op;
  return TELLING.find((name) => op.calls.some(({ call }) => call === name)) ?? op.op;
}

const keyOf = ({ start, end }: Range) => `${start} ${end}`;

/** The pages of the region that one VMA maps, with the mode where the VMA tells it. */
function* mappedPages(vma: VmaState): Generator<[pfn: number, mode: number]> {
  if (vma.maps === undefined) {
    for (let n = 0; n < vma.end - vma.start; n++) yield [vma.pfn + n, -1];
    return;
  }
  for (const { pfn, pages, type, ram } of vma.maps) {
    if (ram === true) continue;
    for (let n = 0; n < pages; n++) yield [pfn + n, CACHE_MODES.indexOf(type)];
  }
}

/**
 * The oracle of one side of a trace with driver ops. A driver maps what it likes, so there is no
 * ledger of what should be mapped: every check is of what one step shows, page tables included.
 */
export class DriverSide {
  readonly findings: ToldFinding[] = [];
  readonly retention: Retention = { pageOps: 0, refused: 0, changed: 0 };
  /** Set by whoever compares the sides, before a step. */
  parted = false;
  private index = -1;
  private cause = "";
  /** The cause of the first thing that went wrong with a reservation. */
  private firstCause: string | null = null;
  /** Ranges that arch_io_reserve_memtype_wc() holds. */
  private readonly wc: Range[] = [];
  private leaks = 0;
  private idle = 0;
  private aliases = 0;
  private holes = 0;

  constructor(private readonly side: Side) {}

  judge(op: Op, step: Step): void {
    this.index++;
    this.cause = driverCause(op);
    this.follow(op, step);
    this.checkEvents(step);
    this.checkPages(step);
    this.checkLeak(step);
  }

  report(symptom: Symptom, cause: string, detail: string, kind = ""): void {
    const { side, index, parted } = this;
    this.findings.push(new ToldFinding(symptom, cause, side, index, parted, kind, () => detail));
  }

  private follow(op: Op, step: Step): void {
    if (!("ok" in step.result)) return;
    if (op.op === "reserve-memtype-wc") {
      this.wc.push({ start: op.pfn, end: op.pfn + op.pages });
    }
    if (op.op === "free-memtype-wc") {
      const freed = keyOf({ start: op.pfn, end: op.pfn + op.pages });
      const index = this.wc.findIndex((range) => keyOf(range) === freed);
      if (index >= 0) this.wc.splice(index, 1);
    }
  }

  private checkEvents(step: Step): void {
    for (const event of step.events) {
      if (event.kind === "invalid-free") {
        const range = `[${event.start}, ${event.end})`;
        this.firstCause ??= this.cause;
        this.report("double-untrack", this.cause, `no reservation is exactly ${range}`);
      } else if (event.kind === "warn" || event.kind === "bug") {
        this.firstCause ??= this.cause;
        const verb = event.kind === "bug" ? "died" : "warned";
        this.report("warning", this.cause, `the kernel ${verb}: ${event.text}`, event.kind);
      }
    }
  }

  /** What is mapped, with which modes, against what is reserved. */
  private checkPages(step: Step): void {
    const modes = new Map<number, number>();
    const note = (pfn: number, mode: number) =>
      modes.set(pfn, (modes.get(pfn) ?? 0) | (mode < 0 ? 0 : 1 << mode));
    for (const vma of Object.values(step.vmas).flat()) {
      for (const [pfn, mode] of mappedPages(vma)) note(pfn, mode);
    }
    for (const { start, end, type, ram } of step.kernelMaps ?? []) {
      if (ram === true) continue;
      for (let pfn = start; pfn < end; pfn++) note(pfn, CACHE_MODES.indexOf(type));
    }
    const covered = new Set<number>();
    for (const { start, end } of step.memtype) {
      for (let pfn = start; pfn < end; pfn++) covered.add(pfn);
    }
    this.checkAlias(modes);
    this.checkHoles(modes, covered);
    this.checkRetention(step, modes, covered);
  }

  /** alias: two live mappings of one pfn have different cache modes. */
  private checkAlias(modes: ReadonlyMap<number, number>): void {
    const found = [...modes].filter(([, bits]) => (bits & (bits - 1)) !== 0);
    const [first] = found;
    if (first !== undefined && found.length > this.aliases) {
      const names = CACHE_MODES.filter((_, mode) => (first[1] & (1 << mode)) !== 0);
      const list = names.map((name) => SHORT_MODE[name]).join(" and ");
      this.report("alias", this.cause, `pfn ${first[0]} is mapped ${list}`);
    }
    this.aliases = found.length;
  }

  /**
   * untracked-mapping: a page has a mode that only a reservation can have given it, and none
   * covers it. A page that nothing tracks is uncached-minus.
   */
  private checkHoles(modes: ReadonlyMap<number, number>, covered: ReadonlySet<number>): void {
    const untracked = 1 << CACHE_MODES.indexOf("uncached-minus");
    const found = [...modes].filter(
      ([pfn, bits]) => (bits & ~untracked) !== 0 && !covered.has(pfn),
    );
    const [first] = found;
    if (first !== undefined && found.length > this.holes) {
      this.firstCause ??= this.cause;
      this.report("untracked-mapping", this.cause, `no reservation covers pfn ${first[0]}`);
    }
    this.holes = found.length;
  }

  /** over-retention: a page is reserved though nothing maps it, while a VMA that may own it lives. */
  private checkRetention(
    step: Step,
    modes: ReadonlyMap<number, number>,
    covered: ReadonlySet<number>,
  ): void {
    const wc = (pfn: number) => this.wc.some(({ start, end }) => start <= pfn && pfn < end);
    const found = [...covered].filter((pfn) => !modes.has(pfn) && !wc(pfn));
    const lives = Object.values(step.vmas).some((vmas) => vmas.length > 0);
    if (lives && found.length > this.idle) {
      this.report("over-retention", this.cause, `pfn ${found[0]} is reserved, nothing maps it`);
    }
    this.idle = found.length;
    if (lives) this.retention.pageOps += found.length;
  }

  /** leak: no VMA is left in any process, and reservations stay that are not the kernel's own. */
  private checkLeak(step: Step): void {
    if (Object.values(step.vmas).some((vmas) => vmas.length > 0)) return;
    const owned = [...(step.kernelMaps ?? []).filter(({ ram }) => ram !== true), ...this.wc];
    const keys = owned.map(keyOf);
    const left = step.memtype.filter((entry) => {
      const index = keys.indexOf(keyOf(entry));
      if (index >= 0) keys.splice(index, 1);
      return index < 0;
    });
    const [first] = left;
    if (first !== undefined && left.length > this.leaks) {
      const range = `[${first.start}, ${first.end}) ${SHORT_MODE[first.type]}`;
      const cause = this.firstCause ?? this.cause;
      this.report("leak", cause, `reservation ${range} is left and no VMA can free it`);
    }
    this.leaks = left.length;
  }
}

/** Judges one recording of a trace with driver ops. */
export function judgeDriverSide(recording: Recording, name: Side): DriverSide {
  const side = new DriverSide(name);
  recording.trace.ops.forEach((op, index) => side.judge(op, recording.steps[index] as Step));
  return side;
}
