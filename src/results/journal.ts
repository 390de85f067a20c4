import { type FileHandle, open, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type JournalEntry, JournalReader, journalLine, planEntry } from "../../fuzz/journal.ts";
import { type CampaignPlan, identityOf } from "../../fuzz/plan.ts";
import type { Tally } from "../../fuzz/tally.ts";
import { UserError } from "../usererror.ts";
import { makeFolder, systemFault, unless, writeWhole } from "./disk.ts";
import { damagedLinesOf } from "./text.ts";
import { FileLock, type Holder, isAt } from "./lock.ts";

const JOURNAL = "journal.jsonl";

/** What a journal file holds. */
export interface SavedWork {
  readonly path: string;
  /** The results folder that it is in. */
  readonly folder: string;
  readonly plan: CampaignPlan;
  readonly tally: Tally;
  readonly milliseconds: number;
  /** Its results were saved. */
  readonly ended: boolean;
  /** What is wrong with lines that could not be used, in words. */
  readonly dropped: readonly string[];
}

/** Reads the journal of a results folder, or the journal file itself. */
export async function readJournal(path: string): Promise<SavedWork> {
  return readFrom(await journalIn(path));
}

/** The journal file of a results folder, or the journal file itself. */
async function journalIn(path: string): Promise<string> {
  try {
    const file = (await stat(path)).isDirectory() ? join(path, JOURNAL) : path;
    await stat(file);
    return file;
  } catch (error) {
    throw systemFault(path, error);
  }
}

async function readFrom(file: string): Promise<SavedWork> {
  const reader = new JournalReader();
  for await (const line of damagedLinesOf(file)) {
    const fault = reader.read(line);
    if (fault !== null) throw new UserError(`${file}: ${fault}`);
  }
  const { plan, tally, milliseconds, ended, dropped } = reader;
  if (plan === null) throw new UserError(`${file}: is empty, not a journal`);
  return { path: file, folder: dirname(file), plan, tally, milliseconds, ended, dropped };
}

/** A journal that was begun, and what its user is to be told of others in its folder. */
interface Begun {
  readonly journal: JournalFile;
  /** Where an earlier campaign that did not end was put. */
  readonly aside: string | null;
  /** A campaign that is at work in the folder. */
  readonly other: Holder | null;
}

/** Appends finished ranges to a journal: one line each, whole on the disk. */
export class JournalFile {
  readonly path: string;
  private readonly file: FileHandle;
  private readonly lock: FileLock;
  private last: Promise<void> = Promise.resolve();
  private isOpen = true;

  constructor(path: string, file: FileHandle, lock: FileLock) {
    this.path = path;
    this.file = file;
    this.lock = lock;
  }

  /**
   * Begins a campaign's journal. Nothing that others wrote is lost: one that did not end is put
   * aside under a name of its own, and beside one that is being written this one gets such a name.
   */
  static async begin(dir: string, plan: CampaignPlan): Promise<Begun> {
    const usual = join(dir, JOURNAL);
    try {
      await makeFolder(dir);
      const lock = await FileLock.take(lockOf(usual));
      if (lock instanceof FileLock) {
        return await releasing(lock, async () => {
          const aside = await putAside(dir, usual);
          return { journal: await firstLine(usual, plan, lock), aside, other: null };
        });
      }
      const own = join(dir, asideName(identityOf(plan)));
      const ownLock = await lockFor(own);
      return await releasing(ownLock, async () => {
        return { journal: await firstLine(own, plan, ownLock), aside: null, other: lock };
      });
    } catch (error) {
      throw systemFault(usual, error);
    }
  }

  /** Goes on with the journal of a folder, or that file: what a crash left of its last line is cut off. */
  static async goOn(path: string): Promise<{ journal: JournalFile; work: SavedWork }> {
    const file = await journalIn(path);
    try {
      const lock = await lockFor(file);
      return await releasing(lock, async () => {
        const work = await readFrom(file);
        await cutOff(file);
        return { journal: new JournalFile(file, await open(file, "a"), lock), work };
      });
    } catch (error) {
      throw systemFault(file, error);
    }
  }

  /** Resolves when the entry is on the disk. Entries never mingle. */
  append(entry: JournalEntry): Promise<void> {
    this.last = this.last.then(() => this.write(journalLine(entry)));
    return this.last;
  }

  /** Refuses to go on where what is written would be lost, or would be another's. */
  async check(): Promise<void> {
    if (!(await isAt(this.path, this.file))) {
      throw new UserError(`${this.path}: was removed while the campaign ran: its work is lost`);
    }
    if (await this.lock.isOurs()) return;
    throw new UserError(
      `${this.path}: another process took it over (this one was silent, or its lock was removed)`,
    );
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.file.close();
    await this.lock.release();
  }

  private async write(line: string): Promise<void> {
    try {
      await this.check();
      await this.file.appendFile(line);
      await this.file.datasync();
    } catch (error) {
      throw systemFault(this.path, error);
    }
  }
}

const lockOf = (path: string) => `${path}.lock`;

/** Locks a journal; one that a living process writes is refused. */
async function lockFor(path: string): Promise<FileLock> {
  const lock = await FileLock.take(lockOf(path));
  if (lock instanceof FileLock) return lock;
  const who = `process ${lock.pid} on ${lock.host}`;
  throw new UserError(`${path}: ${who} is at work on it (if it is not, remove ${lockOf(path)})`);
}

/** Lets a lock go again where what it was taken for fails. */
async function releasing<T>(lock: FileLock, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A journal appears with its first line whole, or not at all. */
async function firstLine(path: string, plan: CampaignPlan, lock: FileLock): Promise<JournalFile> {
  await writeWhole(path, journalLine(planEntry(plan)), true);
  return new JournalFile(path, await open(path, "a"), lock);
}

/** A name for a journal that is not the folder's current one. */
const asideName = (what: string) => `journal-${what}-${Date.now()}.jsonl`;

/** Renames a journal that did not end, or that cannot be read; returns its new name, or null. */
async function putAside(dir: string, path: string): Promise<string | null> {
  const isThere = await unless(["ENOENT"], () => stat(path));
  if (isThere === null) return null;
  const what = await unfinished(path);
  if (what === null) return null;
  const aside = join(dir, asideName(what));
  await rename(path, aside);
  return aside;
}

async function unfinished(path: string): Promise<string | null> {
  try {
    const { plan, ended } = await readFrom(path);
    return ended ? null : identityOf(plan);
  } catch (error) {
    if (error instanceof UserError) return "damaged";
    throw error;
  }
}

/** Cuts off what follows the last whole line. */
async function cutOff(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.truncate(await endOfLines(file));
  } finally {
    await file.close();
  }
}

const BLOCK_BYTES = 65_536;

/** How many bytes the whole lines of a file take. */
async function endOfLines(file: FileHandle): Promise<number> {
  const buffer = Buffer.alloc(BLOCK_BYTES);
  let end = (await file.stat()).size;
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    const newline = buffer.subarray(0, bytesRead).lastIndexOf(10);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}
