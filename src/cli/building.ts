import type { Watcher } from "../../tree/copy.ts";
import type { Io } from "./io.ts";
import { LiveLine } from "./progress.ts";

/** Does something that may have to build first: what goes on is a live line, and an interrupt ends it. */
export async function watched<T>(
  io: Io | null,
  work: (watcher: Watcher) => Promise<T>,
): Promise<T> {
  const line = io === null ? null : new LiveLine(io);
  try {
    return await work({
      tell: (text) => {
        line?.clear();
        io?.err(`${text}\n`);
      },
      progress: (text) => line?.show(() => text),
      interrupted: io?.interrupted,
    });
  } finally {
    line?.clear();
  }
}
