import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { type JournalEntry, JournalReader, journalLine, planEntry } from "../../fuzz/journal.ts";
import { type CampaignPlan, identityOf } from "../../fuzz/plan.ts";
import type { Tally } from "../../fuzz/tally.ts";
import { UserError } from "../usererror.ts";
import { systemFault } from "./disk.ts";

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
  /** Numbers of lines that could not be used. */
  readonly damaged: readonly number[];
}

/** Reads the journal of a results folder, or the journal file itself. */
export async function readJournal(path: string): Promise<SavedWork> {
  const file = (await isFolder(path)) ? join(path, JOURNAL) : path;
  const reader = new JournalReader();
  try {
    const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
    for await (const line of lines) {
      const fault = reader.read(line);
      if (fault !== null) throw new UserError(`${file}: ${fault}`);
    }
  } catch (error) {
    throw systemFault(file, error);
  }
  const { plan, tally, milliseconds, ended, damaged } = reader;
  if (plan === null) throw new UserError(`${file}: is empty, not a journal`);
  return { path: file, folder: dirname(file), plan, tally, milliseconds, ended, damaged };
}

/** Appends finished ranges to a results folder's journal: one line each, whole on the disk. */
export class JournalFile {
  private readonly path: string;
  private readonly file: FileHandle;
  private last: Promise<void> = Promise.resolve();

  constructor(path: string, file: FileHandle) {
    this.path = path;
    this.file = file;
  }

  /**
   * Begins a campaign's journal. One that did not end is put aside under a name of its own, which
   * is returned: nothing it holds is lost.
   */
  static async begin(
    dir: string,
    plan: CampaignPlan,
  ): Promise<{ journal: JournalFile; aside: string | null }> {
    const path = join(dir, JOURNAL);
    try {
      await mkdir(dir, { recursive: true });
      const aside = await putAside(dir, path);
      return { journal: await firstLine(path, plan), aside };
    } catch (error) {
      throw systemFault(path, error);
    }
  }

  /** Goes on with a journal: what a crash left of its last line is cut off. */
  static async goOn(path: string): Promise<JournalFile> {
    try {
      const file = await open(path, "r+");
      await file.truncate(await endOfLines(file));
      await file.close();
      return new JournalFile(path, await open(path, "a"));
    } catch (error) {
      throw systemFault(path, error);
    }
  }

  /** Resolves when the entry is on the disk. Entries never mingle. */
  append(entry: JournalEntry): Promise<void> {
    this.last = this.last.then(() => this.write(journalLine(entry)));
    return this.last;
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async write(line: string): Promise<void> {
    try {
      await this.file.appendFile(line);
      await this.file.datasync();
    } catch (error) {
      throw systemFault(this.path, error);
    }
  }
}

/** A journal appears with its first line whole, or not at all. */
async function firstLine(path: string, plan: CampaignPlan): Promise<JournalFile> {
  const fresh = `${path}.${process.pid}.tmp`;
  try {
    const journal = new JournalFile(path, await open(fresh, "w"));
    await journal.append(planEntry(plan));
    await rename(fresh, path);
    return journal;
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw systemFault(path, error);
  }
}

/** Renames a journal that did not end, or that cannot be read; returns its new name, or null. */
async function putAside(dir: string, path: string): Promise<string | null> {
  try {
    await stat(path);
  } catch {
    return null;
  }
  const name = await unfinishedName(path);
  if (name === null) return null;
  const aside = join(dir, name);
  await rename(path, aside);
  return aside;
}

async function unfinishedName(path: string): Promise<string | null> {
  try {
    const { plan, ended } = await readJournal(path);
    return ended ? null : `journal-${identityOf(plan)}-${Date.now()}.jsonl`;
  } catch (error) {
    if (error instanceof UserError) return `journal-damaged-${Date.now()}.jsonl`;
    throw error;
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
