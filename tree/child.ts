import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HELLO_WORDS, textIn, WIRE } from "./wire.ts";

/** The program ended before it had answered. */
export class ProgramEnded extends Error {
  override readonly name = "ProgramEnded";
}

/** The program says why it cannot start. */
export class NoStart extends Error {
  override readonly name = "NoStart";

  constructor(
    /** A number of STOPS. */
    readonly why: number,
    readonly text: string,
  ) {
    super(text);
  }
}

/** What a program says of itself when it starts. */
export interface Hello {
  /** Such as 6.12.117. */
  readonly release: string;
  readonly hasVmPat: boolean;
}

/**
 * A running program that is asked and answers at once, without a turn of the event loop: that is many
 * times faster than messages where an answer takes microseconds. Named pipes serve it, for those that
 * Node makes for children cannot be waited for.
 */
export class TreeChild {
  readonly hello: Hello;
  private readonly child: ChildProcess;
  private readonly requests: number;
  private readonly answers: number;

  /** `counters`: where a program that counts the lines that run leaves its counts. */
  constructor(program: string, counters: string | null) {
    const folder = mkdtempSync(join(tmpdir(), "pfndiff-tree-"));
    const names = ["requests", "answers"].map((name) => join(folder, name));
    try {
      const made = spawnSync("mkfifo", ["-m", "600", ...names], { stdio: "ignore" });
      if (made.status !== 0) throw new Error(`mkfifo cannot make pipes in ${folder}`);
      // Open both ways at first, so that nobody waits for the other end to come.
      const both = names.map((name) => openSync(name, constants.O_RDWR));
      const [requests = "", answers = ""] = names;
      this.child = spawn(program, [], {
        stdio: [both[0], both[1], "inherit"],
        env: { ...process.env, ...(counters === null ? {} : { GCOV_PREFIX: counters }) },
      });
      this.requests = openSync(requests, constants.O_WRONLY);
      this.answers = openSync(answers, constants.O_RDONLY);
      for (const end of both) if (end !== undefined) closeSync(end);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    // It ends by itself when nobody can ask it any more.
    this.child.unref();
    this.child.on("error", () => this.child.kill());
    this.hello = this.greet(program);
  }

  /** Sends a request; the one before must have been answered. */
  send(request: Int32Array): void {
    this.write(new Uint8Array(request.buffer, request.byteOffset, request.byteLength));
  }

  /** Waits for the words of the answer to the request that was sent. */
  receive(): Int32Array {
    const [length = 0] = this.read(1);
    return this.read(length);
  }

  close(): void {
    closeSync(this.requests);
    closeSync(this.answers);
    this.child.kill();
  }

  /** Lets it end by itself, so that it leaves its counts; no answer may be due. */
  async finish(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.ref();
    closeSync(this.requests);
    closeSync(this.answers);
    await ended;
  }

  private greet(program: string): Hello {
    const [magic, version = 0, code = 0, vmPat] = this.read(HELLO_WORDS);
    if (magic === 0) throw new NoStart(version, textIn(this.read(code)));
    if (magic !== WIRE.HELLO_MAGIC || version !== WIRE.WIRE_VERSION) {
      throw new Error(`${program} is no program of this pfndiff`);
    }
    const release = `${code >> 16}.${(code >> 8) & 255}.${code & 255}`;
    return { release, hasVmPat: vmPat === 1 };
  }

  private write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(this.requests, bytes, at);
      } catch {
        throw new ProgramEnded("the program takes no more requests");
      }
    }
  }

  private read(count: number): Int32Array {
    const words = new Int32Array(count);
    const bytes = new Uint8Array(words.buffer);
    for (let at = 0; at < bytes.length; ) {
      const got = readSync(this.answers, bytes, at, bytes.length - at, null);
      if (got === 0) throw new ProgramEnded("the program ended without an answer");
      at += got;
    }
    return words;
  }
}
