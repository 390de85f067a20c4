import type { Io } from "./io.ts";

/** What opening a backend that has to be built first goes by; a command line sets it once. */
export const opening: {
  /** Where progress goes; null for nowhere. */
  io: Io | null;
  /** A file of kernel options, on top of ours. */
  config: string | null;
  /** Whether trees are built with a check of each access for memory that has been freed. */
  sanitize: boolean;
  /** A folder for counts of the lines of trees that run; null where nobody wants them. */
  counters: string | null;
  /** Programs of trees that are built already, by id: a worker thread is told them. */
  programs: Readonly<Record<string, string>>;
} = { io: null, config: null, sanitize: false, counters: null, programs: {} };
