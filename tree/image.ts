import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { cacheFolder } from "../kernel/cache.ts";
import { configOf, type Debug } from "../kernel/config.ts";
import { compiler } from "../kernel/guestimage.ts";
import { buildModule, keepModuleFailure, moduleFailureOf, moduleOf } from "../kernel/modules.ts";
import { run } from "../kernel/run.ts";
import { KernelUnavailable } from "../kernel/unavailable.ts";
import { compilerVersion, optionsIn, unheld } from "./build.ts";
import { alone, bringCopy, copyOf, hashOf, sourcesIn, type Watcher } from "./copy.ts";
import { BuildLog } from "../kernel/buildlog.ts";
import { digestOf, isOfKernel, type TreeSpec } from "./sources.ts";

/** A kernel to be built for guests. */
export interface ImageOptions {
  /** What it is to tell of itself beside what every guest's kernel does. */
  readonly debug: readonly Debug[];
  /** A file of kernel options on top of ours. */
  readonly config: string | null;
}

/**
 * Builds a bzImage of a tree, or finds it built, and returns its path. All work is done on a copy in the
 * cache, one for each tree, compiler and set of options. Throws KernelUnavailable where it does not build.
 */
export async function buildImage(
  id: string,
  spec: TreeSpec,
  { debug, config }: ImageOptions,
  watcher: Watcher,
): Promise<string> {
  const options = `${configOf(debug)}\n${config === null ? "" : optionsIn(config)}`;
  const work = join(cacheFolder(), "builds", hashOf(spec.path, await compilerVersion(), options));
  mkdirSync(work, { recursive: true });
  return alone(id, work, watcher, async () => {
    watcher.progress(`${id}: looking for what has changed`);
    const sources = await sourcesIn(spec, work, isOfKernel);
    const image = join(work, "images", digestOf(sources.files), "bzImage");
    if (existsSync(image) && hasTriedModule(image, work, watcher)) return image;
    watcher.progress(`${id}: copying what has changed`);
    await bringCopy(sources, work);
    await makeImage(id, work, options, watcher);
    mkdirSync(dirname(image), { recursive: true });
    copyFileSync(join(copyOf(work), "arch/x86/boot/bzImage"), `${image}.draft`);
    renameSync(`${image}.draft`, image);
    await addModule(id, image, work, watcher);
    return image;
  });
}

/** Builds our module for an image beside it; a tree that changes what it uses is told, and goes without. */
async function addModule(id: string, image: string, work: string, watcher: Watcher): Promise<void> {
  watcher.progress(`${id}: building the module`);
  try {
    await buildModule(id, image, { folder: copyOf(work) }, watcher.interrupted);
  } catch (error) {
    if (!(error instanceof KernelUnavailable)) throw error;
    keepModuleFailure(image, error.message);
    tellWithoutModule(image, error.message, work, watcher);
  }
}

/** Whether an image has its module, or is known to go without, which is told again. */
function hasTriedModule(image: string, work: string, watcher: Watcher): boolean {
  if (moduleOf(image) !== null) return true;
  const why = moduleFailureOf(image);
  if (why !== null) tellWithoutModule(image, why, work, watcher);
  return why !== null;
}

function tellWithoutModule(image: string, why: string, work: string, watcher: Watcher): void {
  const again = `pfndiff kernel module ${image} --build ${copyOf(work)}`;
  watcher.tell(`${why}, then ${again}; until then its guests run no ops of drivers`);
}

async function makeImage(
  id: string,
  work: string,
  options: string,
  watcher: Watcher,
): Promise<void> {
  const copy = copyOf(work);
  const log = new BuildLog(id, join(work, "log"), watcher.interrupted);
  const cc = (await run("ccache", ["--version"])).missing ? compiler() : `ccache ${compiler()}`;
  let files = 0;
  const make = (targets: readonly string[]) =>
    log.step("make", ["-C", copy, `CC=${cc}`, ...targets], {
      env: ENV,
      onStdout: (text) => {
        files += text.match(/^ {2}(CC|AS|HOSTCC) /gm)?.length ?? 0;
        watcher.progress(`${id}: ${files} files compiled`);
      },
    });
  const file = join(work, "options.config");
  writeFileSync(file, options);
  await make([`KCONFIG_ALLCONFIG=${file}`, "allnoconfig"]);
  for (const line of unheld(options, readFileSync(join(copy, ".config"), "utf8"))) {
    watcher.tell(`${id}: ${line} does not hold in this tree`);
  }
  await make([`-j${availableParallelism()}`, "bzImage", "modules"]);
}

/** A time stamp and a builder that are always the same make the same image of the same tree. */
const ENV = {
  KBUILD_BUILD_TIMESTAMP: "0",
  KBUILD_BUILD_USER: "pfndiff",
  KBUILD_BUILD_HOST: "pfndiff",
};
