import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SOURCE_FILES, SOURCE_FOLDERS } from "../../src/cli/build.ts";

/** A change of the sources: in each file a text that stands there once, and what it becomes. */
export interface Fault {
  readonly name: string;
  /** Only failing allocations or drivers show it, which the gate's campaign does not draw. */
  readonly isBeyond: boolean;
  readonly edits: readonly { readonly file: string; readonly was: string; readonly is: string }[];
}

/** What a command in a checkout came to. */
export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** A copy of the sources in a folder of its own, with our dependencies. */
export class Checkout {
  readonly dir = mkdtempSync(join(tmpdir(), "pfndiff-checkout-"));

  constructor() {
    for (const name of [...SOURCE_FOLDERS, ...SOURCE_FILES]) {
      cpSync(name, join(this.dir, name), { recursive: true });
    }
    symlinkSync(resolve("node_modules"), join(this.dir, "node_modules"));
    writeFileSync(join(this.dir, ".gitignore"), "node_modules\ndist\n");
  }

  edit(file: string, change: (text: string) => string): void {
    const path = join(this.dir, file);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  }

  plant({ edits }: Fault): void {
    for (const { file, was, is } of edits) this.edit(file, (text) => text.replace(was, () => is));
  }

  /** Builds what the gate needs: all but the viewer, and types for other programs. */
  build(): void {
    const args = ["vite", "build", "--mode", "untyped", "--logLevel", "warn"];
    execFileSync("npx", args, { cwd: this.dir });
  }

  /** Runs a command here to its end. */
  run(command: string, ...args: string[]): Promise<Ended> {
    return new Promise((ended) => {
      const child = execFile(
        command,
        args,
        { cwd: this.dir, encoding: "utf8" },
        (_error, out, err) => ended({ status: child.exitCode ?? -1, out, err }),
      );
    });
  }

  pfndiff(...args: string[]): Promise<Ended> {
    return this.run(process.execPath, "dist/pfndiff.js", ...args);
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }
}
