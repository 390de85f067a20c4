import type { Removal } from "./causes.ts";
import { Unit } from "./unit.ts";

/** All units of one side, and those that the op at hand concerns. */
export class Units {
  /** Units touched in this step: the first `touchedCount`. */
  readonly touched: Unit[] = [];
  touchedCount = 0;

  /** Every unit ever made; the first `used` of them have been in use in this trace. */
  private readonly all: Unit[] = [];
  private used = 0;
  /** Those of them that are free again: the first `freeCount`. */
  private readonly free: Unit[] = [];
  private freeCount = 0;
  private step = -1;

  reset(): void {
    this.step = -1;
    this.used = 0;
    this.freeCount = 0;
    this.touchedCount = 0;
  }

  /** Starts a step: units whose pages and entries are all gone are free again. */
  begin(): void {
    const { touched, touchedCount } = this;
    for (let at = 0; at < touchedCount; at++) {
      const unit = touched[at] as Unit;
      if (unit.live === 0 && unit.entries === 0) this.free[this.freeCount++] = unit;
    }
    this.touchedCount = 0;
    this.step++;
  }

  /** Keeps every unit in use; returns what puts them back, each in its own object. */
  keep(): () => void {
    const { used, step } = this;
    const free = this.free.slice(0, this.freeCount);
    const touched = this.touched.slice(0, this.touchedCount);
    const inUse = this.all.slice(0, used).filter((unit) => !free.includes(unit));
    const units = inUse.map((unit) => unit.keep());
    return () => {
      this.used = used;
      this.step = step;
      this.freeCount = free.length;
      for (let at = 0; at < free.length; at++) this.free[at] = free[at] as Unit;
      this.touchedCount = touched.length;
      for (let at = 0; at < touched.length; at++) this.touched[at] = touched[at] as Unit;
      for (const back of units) back();
    };
  }

  create(first: number, pages: number, isPrivate: boolean): Unit {
    const unit = this.unused();
    unit.begin(first, pages, isPrivate);
    unit.askedAt = this.step;
    return unit;
  }

  private unused(): Unit {
    if (this.freeCount > 0) return this.free[--this.freeCount] as Unit;
    const unit = (this.all[this.used] ??= new Unit());
    this.used++;
    return unit;
  }

  /** Notes that this step's op concerns the unit. */
  touch(unit: Unit, step: number, removal: Removal): void {
    if (unit.stamp === step) return;
    unit.touch(step, removal);
    this.touched[this.touchedCount++] = unit;
  }
}
