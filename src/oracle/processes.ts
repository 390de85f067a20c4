import { Area, ProcLedger } from "./areas.ts";
import type { Unit } from "./unit.ts";

/** The processes of one side by id, and in order of birth. */
export class Processes {
  private readonly byId: (ProcLedger | undefined)[] = [];
  /** Ids that were born in this trace: the first `count`. */
  private readonly born: number[] = [];
  private count = 0;

  private readonly freeAreas: Area[] = [];

  /** Forgets all. */
  reset(): void {
    for (let at = 0; at < this.count; at++) {
      (this.byId[this.born[at] as number] as ProcLedger).end(this);
    }
    this.count = 0;
  }

  /** Keeps every process; returns what puts them back. */
  keep(): () => void {
    const born = this.born.slice(0, this.count);
    const living = [...this.everyLiving()].map(([, proc]) => proc.keep());
    return () => {
      this.reset();
      this.count = born.length;
      for (let at = 0; at < born.length; at++) this.born[at] = born[at] as number;
      for (const back of living) back(this);
    };
  }

  newArea(start: number, end: number, pfn: number, unit: Unit, mode: number): Area {
    const area = this.freeAreas.pop() ?? new Area(unit);
    area.start = start;
    area.end = end;
    area.pfn = pfn;
    area.unit = unit;
    area.mode = mode;
    return area;
  }

  /** An area that is in no list any more can serve again. */
  freeArea(area: Area): void {
    this.freeAreas.push(area);
  }

  /** The process if it is alive. */
  living(id: number): ProcLedger | null {
    const proc = this.byId[id];
    return proc !== undefined && proc.alive ? proc : null;
  }

  /** Every process that is alive, with its id. */
  *everyLiving(): Generator<[id: number, proc: ProcLedger]> {
    for (let at = 0; at < this.count; at++) {
      const id = this.born[at] as number;
      const proc = this.living(id);
      if (proc !== null) yield [id, proc];
    }
  }

  /** Brings a process to life, empty, with a window of so many pages. */
  bear(id: number, vpages: number): ProcLedger {
    const proc = this.byId[id] ?? new ProcLedger();
    while (this.byId.length < id) this.byId.push(undefined);
    this.byId[id] = proc;
    if (!proc.alive) this.born[this.count++] = id;
    proc.begin(vpages);
    return proc;
  }
}
