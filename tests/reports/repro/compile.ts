import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether a C compiler is here. */
export const hasGcc = spawnSync("gcc", ["--version"]).status === 0;

if (!hasGcc) process.stderr.write("No C program is compiled (SKIPPED: there is no gcc)\n");

const STRICT = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"];

/** Compiles a program and gives its path to `use`; throws with the compiler's words. */
export function withCompiled<T>(
  source: string,
  use: (path: string) => T,
  headers: Readonly<Record<string, string>> = {},
): T {
  const folder = mkdtempSync(join(tmpdir(), "pfndiff-repro-"));
  try {
    for (const [name, text] of Object.entries(headers)) writeFileSync(join(folder, name), text);
    const file = join(folder, "repro.c");
    const program = join(folder, "repro");
    writeFileSync(file, source);
    execFileSync("gcc", [...STRICT, "-I", folder, "-o", program, file], { stdio: "pipe" });
    return use(program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
