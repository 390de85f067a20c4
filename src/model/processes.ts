import type { Mm } from "../mm/mm.ts";

/**
 * Live processes by id, and in order of birth. Ids are small, so they are places in an array: every
 * op looks its process up several times.
 */
export class Processes {
  private readonly byId: (Mm | undefined)[] = [];
  private readonly ids: number[] = [];

  get(id: number): Mm | undefined {
    return this.byId[id];
  }

  has(id: number): boolean {
    return this.byId[id] !== undefined;
  }

  /** A process is born; one of the same id gives its place to it. */
  set(id: number, mm: Mm): void {
    if (!this.has(id)) this.ids.push(id);
    while (this.byId.length <= id) this.byId.push(undefined);
    this.byId[id] = mm;
  }

  delete(id: number): void {
    if (!this.has(id)) return;
    this.byId[id] = undefined;
    const { ids } = this;
    for (let at = ids.indexOf(id) + 1; at < ids.length; at++) ids[at - 1] = ids[at] as number;
    ids.pop();
  }

  /** The id of the process born last, or -1 where none lives. */
  get youngest(): number {
    return this.ids.length === 0 ? -1 : (this.ids[this.ids.length - 1] as number);
  }

  /** Address spaces, in order of birth. */
  *mms(): Generator<Mm> {
    for (const id of this.ids) yield this.byId[id] as Mm;
  }

  /** Ids and address spaces, in order of birth. */
  *[Symbol.iterator](): Generator<[id: number, mm: Mm]> {
    for (const id of this.ids) yield [id, this.byId[id] as Mm];
  }
}
