import { existsSync, statSync } from "node:fs";
import { configOf, type Debug } from "../../kernel/config.ts";
import { moduleFor } from "../../kernel/modules.ts";
import { buildImage } from "../../tree/image.ts";
import { treeSpec } from "../../tree/sources.ts";
import { watched } from "./building.ts";
import { EXIT, type Io } from "./io.ts";
import { opening } from "./opening.ts";

export interface KernelBuildOptions {
  readonly rev?: string;
  readonly debug: readonly Debug[];
}

/** Builds a bzImage of a tree and prints its path. */
export async function kernelBuild(
  io: Io,
  tree: string,
  { rev, debug }: KernelBuildOptions,
): Promise<number> {
  const spec = rev === undefined ? tree : `${tree}@${rev}`;
  await io.out(`${await imageOf(io, spec, debug)}\n`);
  return EXIT.ok;
}

/** Builds the module for a kernel and prints its path. */
export async function kernelModule(
  io: Io,
  spec: string,
  { build }: { readonly build?: string },
): Promise<number> {
  await io.out(`${await moduleFor(spec, build ?? null, io.interrupted)}\n`);
  return EXIT.ok;
}

/** Prints the options that a kernel for guests is built with. */
export async function kernelConfig(
  io: Io,
  { debug }: { readonly debug: readonly Debug[] },
): Promise<number> {
  await io.out(configOf(debug));
  return EXIT.ok;
}

/** Whether what stands after `kernel:` is a tree, which has to be built, and no image or release. */
export function isTreeSpec(spec: string): boolean {
  const path = existsSync(spec) ? spec : spec.slice(0, spec.lastIndexOf("@"));
  return path !== "" && existsSync(path) && statSync(path).isDirectory();
}

/** The image of a tree, built where it is not built yet, with progress. */
export function imageOf(
  io: Io | null,
  spec: string,
  debug: readonly Debug[] = [],
): Promise<string> {
  const { config } = opening;
  return watched(io, (watcher) =>
    buildImage(`kernel:${spec}`, treeSpec(spec), { debug, config }, watcher),
  );
}
