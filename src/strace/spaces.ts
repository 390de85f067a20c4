import type { DeviceFile } from "./devices.ts";
import { type PageRange, without } from "./pageranges.ts";
import { Reservations } from "./reservations.ts";

/** Which virtual pages of an address space are in the trace: sorted, disjoint, not touching. */
export class PageSet {
  ranges: readonly PageRange[] = [];

  copy(): PageSet {
    const copy = new PageSet();
    copy.ranges = this.ranges;
    return copy;
  }

  add(start: number, end: number): void {
    if (start >= end) return;
    const apart = this.ranges.filter((range) => range.end < start || end < range.start);
    const touching = this.ranges.filter((range) => range.end >= start && end >= range.start);
    const joined = {
      start: touching.reduce((least, range) => Math.min(least, range.start), start),
      end: touching.reduce((most, range) => Math.max(most, range.end), end),
    };
    this.ranges = [...apart, joined].sort((a, b) => a.start - b.start);
  }

  remove(start: number, end: number): void {
    this.ranges = without(this.ranges, start, end);
  }

  /** The parts of [start, end) that are in the trace. */
  within(start: number, end: number): PageRange[] {
    return this.ranges
      .map((range) => ({ start: Math.max(range.start, start), end: Math.min(range.end, end) }))
      .filter((part) => part.start < part.end);
  }
}

/** An address space: what CLONE_VM shares. */
export class Space {
  /** Pages of devices, and the anonymous memory that they were mapped over or that replaced them. */
  readonly devices: PageSet;
  /** Its process in the trace, once it has one. */
  proc: number | null = null;
  /** The protection key that it gives pages, as the log has it, once it has given one. */
  key: number | null = null;
  /** Threads and vfork children that live in it. */
  users = 1;

  constructor(
    devices = new PageSet(),
    readonly reserved = new Reservations(),
  ) {
    this.devices = devices;
  }
}

/** What a descriptor stands for, as far as the log tells. */
export interface OpenFile {
  readonly path: string | null;
  /** Null where it is no device. */
  readonly device: DeviceFile | null;
  /** It does not outlive execve(). */
  readonly isClosedOnExec: boolean;
}

/** A table of open files: what CLONE_FILES shares. */
export type Files = Map<number, OpenFile>;

/** The working directory, where it is known: what CLONE_FS shares. */
export interface WorkingDirectory {
  path: string | null;
}

/** A thread or process of the log. */
export interface Task {
  space: Space;
  files: Files;
  directory: WorkingDirectory;
}
