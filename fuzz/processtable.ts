import { ProcessModel } from "./processmodel.ts";

/** The processes of a trace that is being written. It serves trace after trace and keeps its room. */
export class ProcessTable {
  readonly live: ProcessModel[] = [];
  /** Their numbers; what they had mapped is gone. */
  readonly dead: number[] = [];
  /** The number that the next process gets. */
  births = 0;
  /** By number; they keep their room from trace to trace. */
  private readonly spare: ProcessModel[] = [];

  /** Begins a trace without processes. */
  clear(): void {
    while (this.live.length > 0) this.live.pop();
    while (this.dead.length > 0) this.dead.pop();
    this.births = 0;
  }

  /** A process with the next number and without VMAs, which is not among the live ones yet. */
  next(): ProcessModel {
    const id = this.births++;
    const process = (this.spare[id] ??= new ProcessModel(id));
    process.clear();
    return process;
  }

  /** Takes a process off the live ones, whose order stays, if it is one of them. */
  bury(process: ProcessModel): void {
    const { live } = this;
    const index = live.indexOf(process);
    if (index < 0) return;
    for (let n = index + 1; n < live.length; n++) live[n - 1] = live[n] as ProcessModel;
    live.pop();
    this.dead.push(process.id);
  }
}
