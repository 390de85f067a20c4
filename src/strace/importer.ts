import { failed, splitArguments } from "./args.ts";
import { concernsDescriptors, followDescriptors } from "./descriptors.ts";
import { flagsIn } from "./flags.ts";
import type { LoggedOp } from "./renumber.ts";
import type { CallLine, Dropped, LogLine } from "./lines.ts";
import { concernsMappings, Mapper } from "./mapper.ts";
import type { MappingRules, Regions } from "./regions.ts";
import { childOf, isFork, sharesMemory } from "./order.ts";
import { Space, type Task } from "./spaces.ts";

/** Calls that begin or end a process, or take it out of its address space. */
const OF_PROCESSES: ReadonlySet<string> = new Set([
  "execve",
  "execveat",
  "unshare",
  "exit_group",
  "exit",
]);

/** Whether an import needs calls of this name, wherever in a log they stand. */
export const matters = (name: string) =>
  isFork(name) || OF_PROCESSES.has(name) || concernsDescriptors(name) || concernsMappings(name);

/** Follows a log's processes, threads and open files, and hands what maps memory to a Mapper. */
export class Importer {
  readonly ops: LoggedOp[] = [];
  readonly dropped: Dropped[] = [];
  private readonly mapper: Mapper;
  private readonly tasks = new Map<string, Task>();
  private readonly children = new Set<string>();
  private ending: ReadonlySet<string> = new Set();

  constructor(private readonly rules: MappingRules) {
    this.mapper = new Mapper(this.ops, this.dropped, rules);
  }

  /** What of the machine's memory the log maps. */
  get regions(): Pick<Regions, "sawLow" | "sawAperture" | "lowMemory"> {
    return this.mapper.regions;
  }

  read(lines: readonly LogLine[]): void {
    this.ending = new Set(lines.flatMap((line) => (line.kind === "end" ? [line.pid] : [])));
    for (const line of lines) {
      if (line.kind === "call" && isFork(line.name)) this.children.add(childOf(line));
    }
    for (const line of lines) {
      if (line.kind === "attached") this.children.add(line.pid);
      else if (line.kind === "end") this.end(line.pid);
      else this.call(line);
    }
  }

  private call(call: CallLine): void {
    if (isFork(call.name)) {
      this.fork(call);
      return;
    }
    const task = this.task(call);
    if (concernsDescriptors(call.name)) followDescriptors(call, task, this.rules.devices);
    switch (call.name) {
      case "execve":
      case "execveat":
        if (!failed(call)) this.exec(task);
        return;
      case "unshare":
        this.unshare(call, task);
        return;
      case "exit_group":
      case "exit":
        if (!this.ending.has(call.pid)) this.end(call.pid);
        return;
      default:
        this.mapper.call(call, task);
    }
  }

  /** A log without -f, or with one process left, names no process: then it is the only one. */
  private task({ pid, line }: CallLine): Task {
    const known = this.tasks.get(pid);
    if (known !== undefined) return known;
    const nameless = this.tasks.get("");
    if (pid !== "" && nameless !== undefined && !this.children.has(pid)) {
      this.tasks.set(pid, nameless);
      return nameless;
    }
    const alive = new Set(this.tasks.values());
    const [only] = alive;
    if (pid === "" && only !== undefined && alive.size === 1) {
      this.tasks.set(pid, only);
      return only;
    }
    if (this.tasks.size > 0) {
      const reason = `no clone() in the log made process ${pid}: thread or not, it is taken for a process of its own`;
      this.dropped.push({ line, reason });
    }
    const task = { space: new Space(), files: new Map(), directory: { path: null } };
    this.tasks.set(pid, task);
    return task;
  }

  private fork(call: CallLine): void {
    const parent = this.task(call);
    if (failed(call)) {
      if (/^-1 (?:ENOMEM|EAGAIN)\b/.test(call.returned))
        this.mapper.processes.failedFork(parent.space);
      return;
    }
    const flags = flagsIn("clone", /flags=([\w|]+)/.exec(call.text)?.[1] ?? "");
    const shares = sharesMemory(call);
    const files = flags.has("CLONE_FILES") ? parent.files : new Map(parent.files);
    const directory = flags.has("CLONE_FS") ? parent.directory : { ...parent.directory };
    if (shares) parent.space.users++;
    const space = shares ? parent.space : this.mapper.processes.fork(parent.space);
    this.tasks.set(childOf(call), { space, files, directory });
  }

  /** The old address space goes, and so do descriptors that say so. */
  private exec(task: Task): void {
    this.leave(task.space);
    task.space = new Space();
    task.files = new Map([...task.files].filter(([, file]) => !file.isClosedOnExec));
  }

  private unshare(call: CallLine, task: Task): void {
    const flags = flagsIn("clone", splitArguments(call.text)[0] ?? "");
    if (flags.has("CLONE_VM")) this.mapper.unshared(call, task.space);
    if (failed(call)) return;
    if (flags.has("CLONE_FILES")) task.files = new Map(task.files);
    if (flags.has("CLONE_FS")) task.directory = { ...task.directory };
  }

  private end(pid: string): void {
    const task = this.tasks.get(pid);
    if (task === undefined) return;
    for (const [name, other] of this.tasks) if (other === task) this.tasks.delete(name);
    this.leave(task.space);
  }

  private leave(space: Space): void {
    space.users--;
    if (space.users === 0) this.mapper.processes.exit(space);
  }
}
