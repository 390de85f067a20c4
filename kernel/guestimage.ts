import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, publishFolder } from "./cache.ts";
import { type CpioEntry, writeCpio } from "./cpio.ts";
import { run } from "./run.ts";
import { KernelUnavailable } from "./unavailable.ts";

/**
 * The text segment lies above the window of the traces, so that smaps lists the window first and
 * the guest can stop reading there.
 */
const COMPILE = ["-O2", "-static", "-Wall", "-Wextra", "-Wl,-Ttext-segment=0x70000000"];

/** The compiler that is used: $CC, or gcc. */
export function compiler(): string {
  const chosen = process.env["CC"];
  return chosen !== undefined && chosen !== "" ? chosen : "gcc";
}

/** The folder of the guest's sources: beside this file, or where the bundle or a chunk of it is built from. */
export function guestSources(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = ["guest", "../kernel/guest", "../../kernel/guest"].map((path) => {
    return join(here, path);
  });
  const found = candidates.find((folder) => existsSync(join(folder, "init.c")));
  if (found === undefined) throw new Error(`no guest sources in ${candidates.join(" or ")}`);
  return found;
}

/** What init opens, so that a kernel needs no devtmpfs. */
const DEVICES = [
  ["console", 5, 1],
  ["mem", 1, 1],
  ["kmsg", 1, 11],
  ["ttyS1", 4, 65],
] as const;

function initramfs(init: Buffer, module: Buffer | null): Buffer {
  const directories = ["dev", "proc", "sys"].map(
    (name): CpioEntry => ({ kind: "directory", name }),
  );
  return writeCpio([
    ...directories,
    ...DEVICES.map(([name, major, minor]): CpioEntry => {
      return { kind: "character-device", name: `dev/${name}`, mode: 0o600, major, minor };
    }),
    { kind: "file", name: "init", mode: 0o755, data: init },
    ...(module === null
      ? []
      : [{ kind: "file" as const, name: "pfndiff.ko", mode: 0o644, data: module }]),
  ]);
}

async function compile(sources: string, output: string): Promise<void> {
  const files = readdirSync(sources).filter((name) => name.endsWith(".c"));
  const paths = files.sort().map((name) => join(sources, name));
  const { missing, status, stderr } = await run(compiler(), [...COMPILE, "-o", output, ...paths]);
  if (missing) {
    throw new KernelUnavailable(`no C compiler (${compiler()})`, "apt-get install gcc libc6-dev");
  }
  if (status !== 0) throw new Error(`the guest does not compile:\n${stderr}`);
}

/**
 * The initramfs with our init, compiled here once for each state of its sources, and with the module for a kernel
 * where there is one; kept in the cache. Returns its path; throws KernelUnavailable without a compiler.
 */
export async function buildInitramfs(module: string | null): Promise<string> {
  const sources = guestSources();
  const hash = createHash("sha256").update([compiler(), ...COMPILE].join(" "));
  for (const name of readdirSync(sources).sort()) hash.update(readFileSync(join(sources, name)));
  hash.update(readFileSync(join(sources, "..", "module", "pfndiff.h")));
  const loaded = module === null ? null : readFileSync(module);
  if (loaded !== null) hash.update(loaded);
  const folder = join(cacheFolder(), "guest", hash.digest("hex").slice(0, 16));
  const path = join(folder, "initramfs.cpio");
  if (!existsSync(path)) {
    await publishFolder(folder, async (draft) => {
      await compile(sources, join(draft, "init"));
      const init = readFileSync(join(draft, "init"));
      writeFileSync(join(draft, "initramfs.cpio"), initramfs(init, loaded));
    });
  }
  return path;
}
