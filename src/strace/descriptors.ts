import {
  argument,
  descriptorIn,
  failed,
  pathIn,
  pathShown,
  returnedNumber,
  splitArguments,
} from "./args.ts";
import { type DeviceOption, deviceOf } from "./devices.ts";
import { flagsIn, isWorkingDirectory } from "./flags.ts";
import type { CallLine } from "./lines.ts";
import type { Files, OpenFile, Task } from "./spaces.ts";

/** Calls that open, copy or close descriptors, or change the directory that paths begin at. */
const CALLS: ReadonlySet<string> = new Set([
  "open",
  "openat",
  "openat2",
  "close",
  "close_range",
  "dup",
  "dup2",
  "dup3",
  "fcntl",
  "fcntl64",
  "chdir",
  "fchdir",
  "ioctl",
]);

export function concernsDescriptors(name: string): boolean {
  return CALLS.has(name);
}

/** Follows what a task's descriptors stand for; a call that failed changes none. */
export function followDescriptors(
  call: CallLine,
  task: Task,
  options: readonly DeviceOption[],
): void {
  if (failed(call)) return;
  const parts = splitArguments(call.text);
  switch (call.name) {
    case "open":
    case "openat":
    case "openat2":
      return open(call, task, parts, options);
    case "close": {
      const from = descriptorIn(argument(call, parts, 0));
      if (from !== null) task.files.delete(from.fd);
      return;
    }
    case "close_range":
      return closeRange(task.files, parts);
    case "chdir": {
      const path = pathIn(argument(call, parts, 0));
      task.directory.path = path === null ? null : joined(task.directory.path, path);
      return;
    }
    case "fchdir": {
      const text = argument(call, parts, 0);
      task.directory.path = pathShown(text) ?? fileOf(task.files, text)?.path ?? null;
      return;
    }
    case "ioctl":
      return vfioDevice(call, task.files, parts);
    default:
      return copy(call, task.files, parts);
  }
}

function fileOf(files: Files, text: string): OpenFile | null {
  const descriptor = descriptorIn(text);
  return descriptor === null ? null : (files.get(descriptor.fd) ?? null);
}

function open(
  call: CallLine,
  task: Task,
  parts: readonly string[],
  options: readonly DeviceOption[],
): void {
  const at = call.name === "open" ? 0 : 1;
  const name = pathIn(argument(call, parts, at));
  const word = parts[at + 1] ?? "";
  const flags = flagsIn("open", /flags=([^,}]+)/.exec(word)?.[1] ?? word);
  const base = at === 0 ? task.directory.path : directoryOf(task, argument(call, parts, 0));
  const guess = name === null ? null : joined(base, name);
  const again = /^(?:\/proc\/(?:self|thread-self)|\/dev)\/fd\/(\d+)$/.exec(guess ?? "")?.[1];
  const link = again === undefined ? guess : (task.files.get(Number(again))?.path ?? guess);
  // What -y shows is what was opened, wherever links led.
  const path = pathShown(call.returned) ?? link;
  task.files.set(returnedNumber(call), {
    path,
    device: path === null ? null : deviceOf(path, flags, options),
    isClosedOnExec: flags.has("O_CLOEXEC"),
  });
}

/** The directory that a descriptor names, or null where it is not known. */
function directoryOf({ files, directory }: Task, text: string): string | null {
  const shown = pathShown(text);
  if (isWorkingDirectory(text)) return shown ?? directory.path;
  return shown ?? fileOf(files, text)?.path ?? null;
}

/** A path from a directory on, without `.` and `..`; as it is where the directory is not known. */
function joined(base: string | null, path: string): string {
  if (!path.startsWith("/") && base === null) return path;
  const names: string[] = [];
  for (const name of (path.startsWith("/") ? path : `${base}/${path}`).split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}

function closeRange(files: Files, parts: readonly string[]): void {
  const [first, last] = [Number(parts[0]), Number(parts[1])];
  const isMarked = flagsIn("closeRange", parts[2] ?? "").has("CLOSE_RANGE_CLOEXEC");
  for (const [fd, file] of files) {
    if (fd < first || fd > last) continue;
    if (isMarked) files.set(fd, { ...file, isClosedOnExec: true });
    else files.delete(fd);
  }
}

/** dup(), dup2(), dup3() and fcntl(F_DUPFD): the copy stands for what its original does. */
function copy(call: CallLine, files: Files, parts: readonly string[]): void {
  const command = call.name.startsWith("fcntl") ? (parts[1] ?? "") : "F_DUPFD";
  if (!/^(?:F_DUPFD(?:_CLOEXEC)?|0|0x406|1030)$/.test(command)) return;
  const fd = returnedNumber(call);
  const file = fileOf(files, argument(call, parts, 0));
  const flags = flagsIn("open", call.name === "dup3" ? (parts[2] ?? "") : "");
  const isClosedOnExec = /CLOEXEC|0x406|1030/.test(command) || flags.has("O_CLOEXEC");
  if (file === null) files.delete(fd);
  else files.set(fd, { ...file, isClosedOnExec });
}

/** A VFIO group hands out the descriptor of a device, which inserts pages at fault. */
function vfioDevice(call: CallLine, files: Files, parts: readonly string[]): void {
  if (!/^VFIO_GROUP_GET_DEVICE_FD\b/.test(parts[1] ?? "")) return;
  const path = `anon_inode:[vfio-device] ${pathIn(parts[2] ?? "") ?? ""}`;
  const device = deviceOf(path, new Set(), []);
  files.set(returnedNumber(call), { path, device, isClosedOnExec: true });
}
