import { ShadowProcess } from "./shadow.ts";

/** No process is born after this many; a trace that needs more shrinks to fewer anyway. */
const MOST_BIRTHS = 12;

/** The processes of a trace that is being written. It serves trace after trace and keeps its room. */
export class Population {
  readonly live: ShadowProcess[] = [];
  /** Their numbers; what they had mapped is gone. */
  readonly dead: number[] = [];
  /** The number that the next process gets. */
  births = 0;
  private readonly shadows: ShadowProcess[] = [];

  /** Begins a trace without processes. */
  clear(): void {
    while (this.live.length > 0) this.live.pop();
    while (this.dead.length > 0) this.dead.pop();
    this.births = 0;
  }

  get isFertile(): boolean {
    return this.births < MOST_BIRTHS;
  }

  /** A process with the next number and without VMAs, which is not among the live ones yet. */
  next(): ShadowProcess {
    const id = this.births++;
    const shadow = (this.shadows[id] ??= new ShadowProcess(id));
    shadow.clear();
    return shadow;
  }

  /** Takes a process off the live ones, whose order stays, if it is one of them. */
  bury(process: ShadowProcess): void {
    const { live } = this;
    const index = live.indexOf(process);
    if (index < 0) return;
    for (let n = index + 1; n < live.length; n++) live[n - 1] = live[n] as ShadowProcess;
    live.pop();
    this.dead.push(process.id);
  }
}
