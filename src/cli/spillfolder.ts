import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Spill } from "../../fuzz/explore/spill.ts";
import { codeOf, systemFault } from "../results/disk.ts";

/** A folder of files for what does not fit in memory, made once there is something to write. */
export class SpillFolder implements Spill {
  private readonly files = new Map<string, number>();

  /** `path`: null for one of its own where the system keeps what is temporary. */
  constructor(private path: string | null) {}

  write(name: string, at: number, bytes: Uint8Array): void {
    this.use(name, (file) => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(file, bytes, done, bytes.length - done, at + done);
      }
    });
  }

  read(name: string, at: number, into: Uint8Array): void {
    this.use(name, (file) => {
      for (let done = 0; done < into.length; ) {
        const read = readSync(file, into, done, into.length - done, at + done);
        if (read === 0) throw new Error(`${name} ends before byte ${at + into.length}`);
        done += read;
      }
    });
  }

  /** All that was written is on the disk when this returns. */
  sync(): void {
    for (const file of this.files.values()) fdatasyncSync(file);
  }

  close(): void {
    for (const file of this.files.values()) closeSync(file);
    this.files.clear();
  }

  /** Removes the folder and all that is in it. */
  drop(): void {
    this.close();
    if (this.path !== null) rmSync(this.path, { recursive: true, force: true });
  }

  private use(name: string, work: (file: number) => void): void {
    try {
      work(this.files.get(name) ?? this.open(name));
    } catch (error) {
      throw systemFault(`${this.path ?? tmpdir()}: ${name}`, error);
    }
  }

  private open(name: string): number {
    this.path ??= mkdtempSync(join(tmpdir(), "pfndiff-explore-"));
    mkdirSync(this.path, { recursive: true });
    const path = join(this.path, name);
    const file = openExisting(path) ?? openSync(path, "w+");
    this.files.set(name, file);
    return file;
  }
}

function openExisting(path: string): number | null {
  try {
    return openSync(path, "r+");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}
