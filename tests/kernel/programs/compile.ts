import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { compiler } from "../../../kernel/guestimage.ts";
import { run } from "../../../kernel/run.ts";

/** A program's source and the headers that stand in for those that are not there. */
export interface Source {
  readonly name: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What somebody else has made of it, as a kernel's own Makefile. */
  readonly built?: Buffer;
}

/** An executable as bytes. */
export interface Executable {
  readonly name: string;
  readonly data: Buffer;
}

const STRICT = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"];

/**
 * Compiles each program by itself, as a user would but with every warning an error, as many at once
 * as there are cores. Throws with the compiler's words.
 */
export async function compileAll(
  folder: string,
  sources: readonly Source[],
): Promise<Executable[]> {
  const executables: Executable[] = [];
  let next = 0;
  const work = async () => {
    while (next < sources.length) {
      const at = next++;
      executables[at] = await compileOne(join(folder, String(at)), sources[at] as Source);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return executables;
}

async function compileOne(folder: string, source: Source): Promise<Executable> {
  const { name, text, headers = {}, built } = source;
  if (built !== undefined) return { name, data: built };
  mkdirSync(folder);
  for (const [header, content] of Object.entries(headers)) {
    writeFileSync(join(folder, header), content);
  }
  const file = join(folder, "program.c");
  const output = join(folder, "program");
  writeFileSync(file, text);
  await gcc([...STRICT, "-I", folder, "-o", output, file], name);
  return { name, data: readFileSync(output) };
}

/** The init that runs the programs; static, so that it starts before anything else is there. */
export async function compileInit(folder: string): Promise<Buffer> {
  const output = join(folder, "init");
  const source = new URL("init.c", import.meta.url).pathname;
  await gcc(["-O1", "-static", "-Wall", "-Wextra", "-Werror", "-o", output, source], "init");
  return readFileSync(output);
}

/** The two files that a dynamic program of this compiler needs, by their paths in the guest. */
export async function libc(): Promise<{ path: string; data: Buffer }[]> {
  const files = [
    ["lib64/ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2"],
    ["lib64/libc.so.6", "libc.so.6"],
  ] as const;
  return Promise.all(
    files.map(async ([path, name]) => {
      const { stdout } = await run(compiler(), [`-print-file-name=${name}`]);
      return { path, data: readFileSync(stdout.trim()) };
    }),
  );
}

async function gcc(args: readonly string[], name: string): Promise<void> {
  const { status, stderr } = await run(compiler(), args);
  if (status !== 0) throw new Error(`${name} does not compile:\n${stderr}`);
}
