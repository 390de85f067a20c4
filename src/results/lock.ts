import { randomUUID } from "node:crypto";
import {
  type FileHandle,
  link,
  open,
  readFile,
  readlink,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { codeOf, unless } from "./disk.ts";

const holderSchema = z.strictObject({
  pid: z.int().min(1),
  host: z.string(),
  /** Where a pid means the same process: the host, its boot and its namespace of pids. */
  machine: z.string(),
  /** When the process began, in ticks since the boot: a pid is used again. Null without /proc. */
  started: z.string().nullable(),
  /** No two locks are the same. */
  token: z.string(),
});

/** The process that holds a lock. */
export type Holder = z.infer<typeof holderSchema>;

/** How often a holder shows that it lives to those who cannot look for its process. */
const BEAT_MS = 5000;
/** A process of another machine that showed nothing for so long is taken for dead. */
const SILENT_MS = 120_000;

/** A file that at most one living process holds, whichever machine it is on. */
export class FileLock {
  private readonly path: string;
  private readonly file: FileHandle;
  private readonly beat: NodeJS.Timeout;
  private isHeld = true;

  private constructor(path: string, file: FileHandle, text: string) {
    this.path = path;
    this.file = file;
    // The file system's own clock stamps it: those of two machines need not agree.
    this.beat = setInterval(() => {
      file.write(text, 0).catch(() => clearInterval(this.beat));
    }, BEAT_MS).unref();
  }

  /** Takes the lock, also from a holder that is dead; returns a living one. */
  static async take(path: string): Promise<FileLock | Holder> {
    const own = `${path}.${randomUUID()}`;
    const text = `${JSON.stringify(await thisProcess())}\n`;
    const file = await open(own, "wx");
    try {
      await file.writeFile(text);
      for (;;) {
        // A link appears whole, and only where there is none.
        if (await linked(own, path)) return new FileLock(path, file, text);
        const now = (await file.stat()).mtimeMs;
        const found = await lockAt(path, now);
        if (found === null) continue;
        if (found.living === null) {
          if (await takenOver(path, found.text, own, now)) return new FileLock(path, file, text);
          continue;
        }
        await file.close();
        return found.living;
      }
    } catch (error) {
      await file.close();
      throw error;
    } finally {
      await rm(own, { force: true });
    }
  }

  /** Whether nobody has taken it away: whoever does takes the holder for dead. */
  async isOurs(): Promise<boolean> {
    return isAt(this.path, this.file);
  }

  async release(): Promise<void> {
    if (!this.isHeld) return;
    this.isHeld = false;
    clearInterval(this.beat);
    if (await this.isOurs()) await rm(this.path, { force: true });
    await this.file.close();
  }
}

/** Whether an open file is still the one of this path. */
export async function isAt(path: string, file: FileHandle): Promise<boolean> {
  const own = await file.stat();
  const there = await unless(["ENOENT"], () => stat(path));
  return there?.ino === own.ino && there.dev === own.dev;
}

/** Gives an existing file this name too; false where the name is taken. */
async function linked(from: string, to: string): Promise<boolean> {
  return (await unless(["EEXIST"], async () => link(from, to).then(() => true))) ?? false;
}

/** A lock file: its text, and its holder if that lives. `now`: of the file system's clock. */
async function lockAt(
  path: string,
  now: number,
): Promise<{ readonly text: string; readonly living: Holder | null } | null> {
  const found = await unless(["ENOENT"], async () => ({
    text: await readFile(path, "utf8"),
    beatAt: (await stat(path)).mtimeMs,
  }));
  if (found === null) return null;
  const { text, beatAt } = found;
  const holder = holderIn(text);
  const isLiving = holder !== null && (await isAlive(holder, now - beatAt));
  return { text, living: isLiving ? holder : null };
}

/** A lock is whole wherever it is seen: one that is not was damaged, and nobody's. */
function holderIn(text: string): Holder | null {
  try {
    return holderSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** How long one that takes a lock over waits for another that does, in milliseconds. */
const TURN_MS = 5;

/**
 * Puts the own lock in the place of a dead one's, which has this text: one process at a time, and
 * the name is never free meanwhile. False where another was faster.
 */
async function takenOver(path: string, text: string, own: string, now: number): Promise<boolean> {
  const turn = `${path}.turn`;
  if (!(await linked(own, turn))) {
    const other = await lockAt(turn, now);
    if (other !== null && other.living === null) await rm(turn, { force: true });
    else await sleep(TURN_MS);
    return false;
  }
  try {
    if ((await unless(["ENOENT"], () => readFile(path, "utf8"))) !== text) return false;
    await rename(own, path);
    return true;
  } finally {
    await rm(turn, { force: true });
  }
}

async function thisProcess(): Promise<Holder> {
  const { pid } = process;
  const [machine, started] = await Promise.all([thisMachine(), startOf(pid)]);
  return { pid, host: hostname(), machine, started, token: randomUUID() };
}

/** How /proc fails where there is none, where it is hidden, and where a process just ended. */
const HIDDEN = ["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ESRCH"];

async function thisMachine(): Promise<string> {
  const boot = await unless(HIDDEN, () => readFile("/proc/sys/kernel/random/boot_id", "utf8"));
  const pids = await unless(HIDDEN, () => readlink("/proc/self/ns/pid"));
  return [hostname(), boot?.trim() ?? "", pids ?? ""].join(" ");
}

/** When a process began (field 22 of its stat); empty for one that ended, null where none shows. */
async function startOf(pid: number): Promise<string | null> {
  const text = await unless(HIDDEN, () => readFile(`/proc/${pid}/stat`, "utf8"));
  if (text === null) return null;
  // The name before it may hold anything, parentheses too.
  const [state = "", ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return "ZX".includes(state) ? "" : (fields[18] ?? "");
}

async function isAlive(holder: Holder, silentMs: number): Promise<boolean> {
  if (holder.machine !== (await thisMachine())) return silentMs < SILENT_MS;
  const started = await startOf(holder.pid);
  if (started === null || holder.started === null) return isThere(holder.pid);
  return started === holder.started;
}

/** Whether there is a process, where only a signal can tell. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
