import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CpioEntry, writeCpio } from "../../../kernel/cpio.ts";
import { locateImage } from "../../../kernel/images.ts";
import { Machine, RESERVED } from "../../../kernel/qemu.ts";
import { isDevice, type World } from "../../../src/trace/trace.ts";
import { compileAll, compileInit, type Executable, libc, type Source } from "./compile.ts";

/** A program and the memory it is run on. */
export interface Program extends Source {
  readonly world: World;
  /** The words for its arguments, where it is to be run by the program that looks after it. */
  readonly given?: readonly string[];
  /** What stands before the file and the offset on its command line. */
  readonly options: readonly string[];
}

/** How a program ended, and the last line that it printed. */
export interface Ended {
  readonly status: number;
  readonly last: string;
  /** All of them. */
  readonly output: readonly string[];
}

/** How a machine is to be, where not as ever. */
export interface RunOptions {
  readonly processors?: number;
  readonly limitMs?: number;
}

/** Pages between two programs' windows: what one leaks is no other's business. */
const WINDOW_BYTES = 64 * 4096;
const BARS = {
  uncached: "/sys/bus/pci/devices/0000:00:05.0/resource2",
  "write-back": "/sys/bus/pci/devices/0000:00:07.0/resource2",
} as const;
/** A machine that hangs ends after so long; a loaded one takes half a minute. */
const LIMIT_MS = 240_000;

/** Runs a program and shows what a reader of its mail is to look at. */
const LOOK: Source = {
  name: "look",
  text: readFileSync(new URL("look.c", import.meta.url), "utf8"),
};
/** What a program runs to print a file. */
const SHELL = ["bin/sh", "bin/cat"] as const;

/** An initramfs in a folder of its own, with compiled programs that any kernel can run. */
export class Initramfs {
  readonly #folder = mkdtempSync(join(tmpdir(), "pfndiff-programs-"));
  readonly path = join(this.#folder, "initramfs.cpio");

  /** Compiles the programs and packs them. Each gets a window that no other has. */
  async pack(programs: readonly Program[]): Promise<void> {
    const looked = programs.some(({ given }) => given !== undefined);
    const [init, libraries, executables] = [
      await compileInit(this.#folder),
      await libc(),
      await compileAll(this.#folder, looked ? [...programs, LOOK] : programs),
    ];
    const look = `/bin/${programs.length}`;
    const commands = programs.map(({ options, given, ...program }, at) =>
      [
        ...(given === undefined ? [] : [look]),
        `/bin/${at}`,
        ...options,
        ...windowOf(program, at),
        ...(given ?? []),
      ].join(" "),
    );
    const folders = ["bin", "dev", "lib64", "proc", "sys"];
    const entries: CpioEntry[] = [
      ...folders.map((name): CpioEntry => ({ kind: "directory", name })),
      { kind: "character-device", name: "dev/console", mode: 0o600, major: 5, minor: 1 },
      file("init", init),
      file("programs", Buffer.from(`${commands.join("\n")}\n`)),
      ...libraries.map(({ path, data }) => file(path, data)),
      ...executables.map(({ data }: Executable, at) => file(`bin/${at}`, data)),
      ...(looked ? SHELL.map((name) => file(name, readFileSync(`/${name}`))) : []),
    ];
    writeFileSync(this.path, writeCpio(entries));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function file(name: string, data: Buffer): CpioEntry {
  return { kind: "file", name, mode: 0o755, data };
}

function windowOf({ world }: Pick<Program, "world">, at: number): [file: string, offset: string] {
  const offset = at * WINDOW_BYTES;
  if (isDevice(world)) return [BARS[world.mtrr], `0x${offset.toString(16)}`];
  return ["/dev/mem", `0x${(RESERVED.address + offset).toString(16)}`];
}

/** Boots a fetched kernel once, runs all the programs in it, and tells how each ended. */
export async function runPrograms(
  release: string,
  initramfs: Initramfs,
  { processors = 1, limitMs = LIMIT_MS }: RunOptions = {},
): Promise<Ended[]> {
  const bzImage = locateImage(release);
  const parts = { bzImage, initramfs: initramfs.path, accelerator: "tcg", processors } as const;
  const machine = new Machine(parts);
  let answers = "";
  machine.process.stdout.setEncoding("utf8").on("data", (text: string) => {
    answers += text;
  });
  const timer = setTimeout(() => machine.kill(), limitMs);
  await new Promise((resolve) => machine.process.once("close", resolve));
  clearTimeout(timer);
  const console = machine.console();
  await machine.destroy();
  const lines = answers.split("\n").slice(0, -1);
  if (lines.pop() !== "done") throw new Error(`kernel ${release} did not finish:\n${console}`);
  return endedIn(lines);
}

function endedIn(lines: readonly string[]): Ended[] {
  const ended: Ended[] = [];
  let output: string[] = [];
  for (const line of lines) {
    if (line.startsWith("|")) output.push(line.slice(1));
    else {
      ended.push({ ...endedOf(line, ended.length), output });
      output = [];
    }
  }
  return ended;
}

function endedOf(line: string, number: number): Omit<Ended, "output"> {
  const match = /^(\d+) (\d+) ?(.*)$/.exec(line);
  if (Number(match?.[1]) !== number) throw new Error(`no answer of program ${number}: ${line}`);
  return { status: Number(match?.[2]), last: match?.[3] ?? "" };
}
