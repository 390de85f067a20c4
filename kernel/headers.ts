import { chmodSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { downloadPackage, newestOffered, refreshLists } from "./apt.ts";
import type { KernelImage } from "./images.ts";
import { run } from "./run.ts";
import { KernelUnavailable } from "./unavailable.ts";

/** Where modules of a kernel are built: its build folder, and the sources where those are elsewhere. */
export interface BuiltKernel {
  readonly folder: string;
  readonly sources?: string;
}

/** The programs among Debian's headers that ask for a C library as new as the release that they are of. */
const TOOLS = ["tools/objtool/objtool.real-x86", "scripts/mod/modpost.real-lsb-64"] as const;
const LIBC = "libc6";

async function unpack(archive: string, folder: string): Promise<void> {
  const { status, stderr } = await run("dpkg-deb", ["-x", archive, folder]);
  if (status !== 0) throw new Error(`cannot unpack ${archive}: ${stderr.trim()}`);
  rmSync(archive);
}

async function unpackAll(folder: string): Promise<void> {
  const archives = readdirSync(folder).filter((name) => name.endsWith(".deb"));
  for (const name of archives) await unpack(join(folder, name), folder);
}

/** Whether a program does not start because this machine's C library is older than what it was linked with. */
async function wantsNewerLibc(program: string): Promise<boolean> {
  const { missing, stderr } = await run(program, ["--version"]);
  return !missing && /version `GLIBC_\S+' not found/.test(stderr);
}

/**
 * Puts a script in a program's place that starts it with the C library of a folder in which Debian's
 * package of it is unpacked; other libraries are this machine's.
 */
export function throughLibc(program: string, folder: string): void {
  const libraries = join(folder, "usr/lib/x86_64-linux-gnu");
  const itself = `${program}.itself`;
  renameSync(program, itself);
  const quoted = [`${libraries}/ld-linux-x86-64.so.2`, "--library-path", libraries, itself]
    .map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`)
    .join(" ");
  writeFileSync(program, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  chmodSync(program, 0o755);
}

/** Sees to it that the tools of a release's headers start here: with a C library of their own where this machine's is too old. */
async function letToolsStart(kbuild: string, folder: string): Promise<void> {
  const tools: string[] = [];
  for (const tool of TOOLS) {
    const path = join(kbuild, tool);
    if (await wantsNewerLibc(path)) tools.push(path);
  }
  if (tools.length === 0) return;
  const libc = await newestOffered(LIBC);
  if (libc === null) {
    throw new KernelUnavailable(
      `apt offers no ${LIBC}`,
      "pfndiff kernel module KERNEL --build FOLDER",
    );
  }
  await downloadPackage(libc, folder);
  await unpackAll(folder);
  for (const tool of tools) throughLibc(tool, folder);
}

/** Downloads Debian's headers of an image into a folder, and says where modules are built with them. */
export async function unpackHeaders(
  { release, packageVersion: version }: KernelImage,
  folder: string,
): Promise<BuiltKernel> {
  await refreshLists([]);
  const own = `linux-headers-${release}`;
  await downloadPackage({ name: own, version }, folder);
  const [archive = ""] = readdirSync(folder);
  const { stdout } = await run("dpkg-deb", ["-f", join(folder, archive), "Depends"]);
  const others = stdout.match(/linux-(?:headers|kbuild)-[^\s,]+/g) ?? [];
  for (const name of others) await downloadPackage({ name, version }, folder);
  await unpackAll(folder);
  const common = others.find((name) => name.endsWith("-common"));
  if (common === undefined) throw new Error(`${own} depends on no common headers`);
  const kbuild = others.find((name) => name.startsWith("linux-kbuild-"));
  if (kbuild !== undefined) await letToolsStart(join(folder, "usr/lib", kbuild), folder);
  const path = (name: string) => join(folder, "usr/src", name);
  return { folder: path(own), sources: path(common) };
}
