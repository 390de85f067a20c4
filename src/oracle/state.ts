import { CACHE_MODES, type CacheMode, SHORT_MODE } from "../pat/cachemode.ts";
import type { Fault } from "../trace/fields.ts";
import type { Op } from "../trace/op.ts";
import { isaWindow } from "../trace/isawindow.ts";
import { partOf, type World } from "../trace/trace.ts";
import { regionAt } from "../trace/regions.ts";
import {
  type CauseId,
  END_MATCH,
  failsOnlyByAnother,
  INSERT_PMD,
  NO_CAUSE,
  mistakeCause,
  opCause,
} from "./causes.ts";
import type { Side as SideName, Symptom } from "./finding.ts";
import { EMPTY_SPACE, type SeenSpace } from "./observed.ts";
import { KernelAreas } from "./kernelmaps.ts";
import { Pages } from "./pages.ts";
import { Processes } from "./processes.ts";
import type { RamHold } from "./ram.ts";
import { Reservations } from "./reservations.ts";
import { isOfKernel } from "./severity.ts";
import { SideFinding } from "./sidefinding.ts";
import type { Unit } from "./unit.ts";
import { Units } from "./units.ts";

/** What over-retention cost on one side. */
export interface Retention {
  /** Sum over the steps of pages kept reserved past their last mapping. */
  pageOps: number;
  /** Later mappings that a page kept so refused. */
  refused: number;
  /** Later mappings that silently got another cache mode because of a page kept so. */
  changed: number;
  /**
   * VMAs over device memory that mmap() made and fork() copied, which the rest may be measured by; a
   * journal that was written without them has none.
   */
  mappings?: number | undefined;
}

/** An mmap() or fork() that did not go as exact tracking would have it. */
export interface Deviation {
  symptom: "refused" | "stale-memtype" | "missed-conflict" | null;
  /** What exact tracking would give: an index into CACHE_MODES, or -1 for a refusal. */
  expected: number;
  /** The cache mode it got, or -1 for a refusal. */
  got: number;
  /** The reservation to blame: its unit if it has one, the first page of it that is not needed. */
  owner: Unit | null;
  page: number;
  /** The reservation was there, and its unit was alive when it stood in the way. */
  found: boolean;
  kept: boolean;
  /** Refused, and met a reservation of another cache mode than the one to blame as well. */
  bridges: boolean;
  /** Known without looking at the owner, or NO_CAUSE. */
  cause: CauseId;
}

/** A page mapped with another cache mode than is reserved for it; pfn is -1 where there is none. */
export interface Mismatch {
  pfn: number;
  /** Indexes into CACHE_MODES. */
  mapped: number;
  reserved: number;
}

/** Cache mode names in the field's short form, by index. */
export function modeName(mode: number): string {
  return mode < 0 ? "a refusal" : SHORT_MODE[CACHE_MODES[mode] as CacheMode];
}

/**
 * What the oracle knows of one side: its ledger (units, areas, pages, reservations), the step it is
 * at, and the findings so far.
 */
export class SideState {
  readonly units = new Units();
  readonly pages = new Pages();
  readonly procs = new Processes();
  readonly reservations = new Reservations(this.pages);
  readonly kernel = new KernelAreas();
  /** Pages of RAM that have another mode than write-back. */
  readonly ramHolds: RamHold[] = [];
  readonly retention: Retention & { mappings: number } = {
    pageOps: 0,
    refused: 0,
    changed: 0,
    mappings: 0,
  };
  readonly deviation: Deviation = {
    symptom: null,
    expected: -1,
    got: -1,
    owner: null,
    page: -1,
    found: false,
    kept: false,
    bridges: false,
    cause: NO_CAUSE,
  };
  readonly mismatch: Mismatch = { pfn: -1, mapped: 0, reserved: 0 };
  findings: SideFinding[] = [];
  world: World = { pfns: 1, vpages: 1, mtrr: "uncached" };
  /** Index of the op being judged. */
  step = -1;
  op: Op = { op: "spawn", proc: 0 };
  /** The allocation that failed within it, or null. */
  failed: Fault | null = null;
  /** The VMAs of the op's process after it, as the side shows them. */
  space: SeenSpace = EMPTY_SPACE;
  /** Set by whoever compares the sides, before a step. */
  parted = false;
  /** Pages that this step's op took from their places, and where those were, as a sum. */
  leftPages = 0;
  leftPlaces = 0;
  /** The observed VMAs were not those that the op and its result lead to. */
  isUntrue = false;
  badContexts = 0;
  /** A tracked page that was mapped when an untrack bared it in this step, or -1; told once a trace. */
  bared = -1;
  hasToldBared = false;
  /** A kernel BUG has ended a task in this trace. */
  hasDied = false;
  /** An untrack has cut a reservation at its end in this trace, as only the before side does. */
  cutByEnd = false;
  /** The call by which a driver last mapped what its VMA does not tell of (mistakeCause()). */
  mistake: CauseId = NO_CAUSE;
  /** Regions that a driver has claimed, a bit each: whoever maps them is refused. */
  claimed = 0;
  /** The op has made a driver insert many pages in one piece. */
  insertsPiece = false;
  /** A driver's VMA was seen in this trace: page tables are to be followed. */
  hasDrivers = false;

  constructor(readonly side: SideName) {}

  reset(world: World): void {
    this.world = world;
    this.step = -1;
    this.parted = false;
    this.badContexts = 0;
    this.hasToldBared = false;
    this.hasDied = false;
    this.cutByEnd = false;
    this.mistake = NO_CAUSE;
    this.claimed = 0;
    this.hasDrivers = false;
    this.findings = [];
    this.space = EMPTY_SPACE;
    this.retention.pageOps = 0;
    this.retention.refused = 0;
    this.retention.changed = 0;
    this.retention.mappings = 0;
    this.units.reset();
    this.pages.reset(world.pfns, this.hasPat, isaWindow(world));
    this.procs.reset();
    this.kernel.clear();
    this.ramHolds.length = 0;
    this.reservations.reset(world.pfns);
  }

  /** Keeps all that is known between two steps; returns what puts it back. */
  keep(): () => void {
    const { units, pages, procs, reservations, kernel } = this;
    const parts = [units, procs, reservations, kernel].map((part) => part.keep());
    parts.push(pages.keepAll());
    const { world, step, badContexts, hasToldBared, hasDied, cutByEnd, hasDrivers } = this;
    const { mistake, claimed } = this;
    const retention = { ...this.retention };
    const holds = this.ramHolds.map((hold) => ({ ...hold }));
    const findings = this.findings.map((finding) => ({ finding, parted: finding.parted }));
    return () => {
      for (const back of parts) back();
      this.world = world;
      this.step = step;
      this.badContexts = badContexts;
      this.hasToldBared = hasToldBared;
      this.hasDied = hasDied;
      this.cutByEnd = cutByEnd;
      this.hasDrivers = hasDrivers;
      this.mistake = mistake;
      this.claimed = claimed;
      Object.assign(this.retention, retention);
      this.ramHolds.length = 0;
      for (const hold of holds) this.ramHolds.push({ ...hold });
      this.findings = findings.map(({ finding }) => finding);
      // A verdict at the end of a trace may have told of an earlier finding that the sides parted.
      for (const { finding, parted } of findings) finding.parted = parted;
    };
  }

  /** Notes that the op took pages [from, to) from where they were. */
  noteLeft(from: number, to: number): void {
    this.leftPages += to - from;
    this.leftPlaces += (to - from) * (from + to);
  }

  /** Whether the MTRRs call the region of a pfn a device's. */
  isUncached(pfn: number): boolean {
    return partOf(this.world, regionAt(pfn))?.mtrr !== "write-back";
  }

  /** Whether a driver has claimed the region of a pfn. */
  isClaimed(pfn: number): boolean {
    return ((this.claimed >> regionAt(pfn)) & 1) === 1;
  }

  /** Whether the world's kernels reserve anything at all. */
  get hasPat(): boolean {
    return this.world.pat !== false;
  }

  /** The cause of last resort. */
  get cause(): CauseId {
    return this.insertsPiece ? INSERT_PMD : opCause(this.op);
  }

  /** Starts the next step. */
  begin(op: Op, failed: Fault | null): void {
    this.step++;
    this.op = op;
    this.leftPages = 0;
    this.leftPlaces = 0;
    this.failed = failed;
    this.isUntrue = false;
    if (op.op === "drv-mmap" || op.op === "drv-run") {
      const mistake = mistakeCause(op.calls);
      if (mistake !== NO_CAUSE) this.mistake = mistake;
    }
    this.deviation.symptom = null;
    this.deviation.found = false;
    this.deviation.kept = false;
    this.mismatch.pfn = -1;
    this.bared = -1;
    this.insertsPiece = false;
    this.units.begin();
    this.pages.begin();
    this.reservations.begin();
  }

  /**
   * Adds a finding at this step. `tell` says it in one sentence, later, so it holds numbers of
   * its own. `kind` tells two occurrences of one cause apart in kind.
   */
  report(symptom: Symptom, cause: CauseId | string, tell: () => string, kind = ""): void {
    const { side, step } = this;
    const parted = this.parted && !isOfKernel(symptom);
    this.findings.push(new SideFinding(symptom, cause, side, step, parted, kind, tell));
  }

  /**
   * The cause of an untrack that failed, or of what it left. One of the end or the whole of a
   * mapping cannot fail by itself where the end of a reservation may be cut: then another untrack
   * had cut the wrong one, perhaps in the same step, where only the sum of both shows.
   */
  orEndMatch(cause: CauseId): CauseId {
    const known = this.orOp(cause);
    return this.cutByEnd && failsOnlyByAnother(known) ? END_MATCH : known;
  }

  /** The op's own name where a history gives no better cause. */
  orOp(cause: CauseId): CauseId {
    return cause === NO_CAUSE ? this.cause : cause;
  }
}
