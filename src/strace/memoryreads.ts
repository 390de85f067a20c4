import {
  argument,
  descriptorIn,
  failed,
  numberIn,
  returnedNumber,
  splitArguments,
} from "./args.ts";
import type { CallLine } from "./lines.ts";
import type { Space, Task } from "./spaces.ts";

const PAGE = 4096;

/**
 * The pages of an address space in the trace that a pread64() of /proc/PID/mem reads: of one that
 * failed, the first. None of a read by a process id, which may be another's memory: that is told of.
 */
export function pagesRead(
  call: CallLine,
  { devices }: Space,
  files: Task["files"],
  leaveOut: (reason: string) => void,
): readonly number[] {
  const parts = splitArguments(call.text);
  const fd = descriptorIn(argument(call, parts, 0));
  const path = fd === null ? null : (fd.path ?? files.get(fd.fd)?.path ?? null);
  const whose = /^\/proc\/(self|thread-self|\d+)\/mem$/.exec(path ?? "")?.[1];
  if (whose === undefined) return [];
  const from = numberIn(call, argument(call, parts, 3));
  const to = from + Math.max(1, failed(call) ? 1 : returnedNumber(call));
  const runs = devices.within(Math.floor(from / PAGE), Math.ceil(to / PAGE));
  const isOwn = !/\d/.test(whose);
  if (runs.length > 0 && !isOwn) leaveOut("reads by a process id, which may be another's memory");
  return isOwn
    ? runs.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, nth) => start + nth))
    : [];
}
