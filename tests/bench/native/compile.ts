import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("native.c", import.meta.url));

/** Whether the native program can be compiled here. */
export const hasGcc = spawnSync("gcc", ["--version"]).status === 0;

/** Compiles the native program into a temporary folder, and lends it to `use`. */
export function withNative<T>(use: (program: string, folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "pfndiff-native-"));
  try {
    const program = join(folder, "native");
    const options = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"];
    execFileSync("gcc", [...options, "-o", program, SOURCE], { stdio: "pipe" });
    return use(program, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
