import {
  argument,
  descriptorIn,
  failed,
  flagsIn,
  pathIn,
  returnedNumber,
  splitArguments,
} from "./args.ts";
import { type DeviceOption, deviceOf } from "./devices.ts";
import type { LoggedOp } from "./renumber.ts";
import type { CallLine, Dropped, LogLine } from "./lines.ts";
import { Mapper } from "./mapper.ts";
import { childOf, isFork } from "./order.ts";
import { Space, type Task } from "./spaces.ts";

/** Follows a log's processes, threads and open files, and hands what maps memory to a Mapper. */
export class Importer {
  readonly ops: LoggedOp[] = [];
  readonly dropped: Dropped[] = [];
  private readonly mapper: Mapper;
  private readonly tasks = new Map<string, Task>();
  private readonly children = new Set<string>();
  private ending: ReadonlySet<string> = new Set();

  constructor(
    private readonly options: readonly DeviceOption[],
    keepsLow: boolean,
  ) {
    this.mapper = new Mapper(this.ops, this.dropped, options, keepsLow);
  }

  get sawLow(): boolean {
    return this.mapper.sawLow;
  }

  get sawAperture(): boolean {
    return this.mapper.sawAperture;
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
    const task = this.task(call.pid);
    switch (call.name) {
      case "open":
      case "openat":
        this.open(call, task);
        return;
      case "close":
      case "dup":
      case "dup2":
      case "dup3":
        this.descriptor(call, task);
        return;
      case "execve":
      case "execveat":
        if (!failed(call)) this.exec(task);
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
  private task(pid: string): Task {
    const known = this.tasks.get(pid);
    if (known !== undefined) return known;
    const nameless = this.tasks.get("");
    if (pid !== "" && nameless !== undefined && !this.children.has(pid)) {
      this.tasks.set(pid, nameless);
      return nameless;
    }
    const alive = new Set(this.tasks.values());
    const [only] = alive;
    const task =
      pid === "" && only !== undefined && alive.size === 1
        ? only
        : { space: new Space(), files: new Map() };
    this.tasks.set(pid, task);
    return task;
  }

  private open(call: CallLine, task: Task): void {
    if (failed(call)) return;
    const parts = splitArguments(call.text);
    const at = call.name === "open" ? 0 : 1;
    const path = pathIn(argument(call, parts, at));
    const flags = flagsIn(parts[at + 1] ?? "");
    const device = path === null ? null : deviceOf(path, flags, this.options);
    const fd = returnedNumber(call);
    if (device === null) task.files.delete(fd);
    else task.files.set(fd, device);
  }

  private descriptor(call: CallLine, task: Task): void {
    if (failed(call)) return;
    const from = descriptorIn(argument(call, splitArguments(call.text), 0));
    if (from === null) return;
    const device = task.files.get(from.fd);
    if (call.name === "close") task.files.delete(from.fd);
    else if (device === undefined) task.files.delete(returnedNumber(call));
    else task.files.set(returnedNumber(call), device);
  }

  private fork(call: CallLine): void {
    const parent = this.task(call.pid);
    if (failed(call)) {
      if (/^-1 (?:ENOMEM|EAGAIN)\b/.test(call.returned)) this.mapper.failedFork(parent.space);
      return;
    }
    const flags = flagsIn(/flags=([\w|]+)/.exec(call.text)?.[1] ?? "");
    const shares = call.name === "vfork" || flags.has("CLONE_VM");
    const files = flags.has("CLONE_FILES") ? parent.files : new Map(parent.files);
    if (shares) parent.space.users++;
    const space = shares ? parent.space : this.mapper.fork(parent.space);
    this.tasks.set(childOf(call), { space, files });
  }

  /** The old address space goes; descriptors stay, and nothing in the log tells which do not. */
  private exec(task: Task): void {
    this.leave(task.space);
    task.space = new Space();
    task.files = new Map(task.files);
  }

  private end(pid: string): void {
    const task = this.tasks.get(pid);
    if (task === undefined) return;
    for (const [name, other] of this.tasks) if (other === task) this.tasks.delete(name);
    this.leave(task.space);
  }

  private leave(space: Space): void {
    space.users--;
    if (space.users === 0) this.mapper.exit(space);
  }
}
