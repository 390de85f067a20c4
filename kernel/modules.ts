import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BuildLog } from "./buildlog.ts";
import { cacheFolder, publishFolder } from "./cache.ts";
import { compiler, guestSources } from "./guestimage.ts";
import { type BuiltKernel, unpackHeaders } from "./headers.ts";
import { cachedImageOf, locateImage } from "./images.ts";
import type { KernelOption } from "./lacks.ts";
import { KernelUnavailable } from "./unavailable.ts";

/** What the guest loads where it is there: drivers, the kernel's own mappings, page tables. */
export const MODULE = "pfndiff.ko" satisfies KernelOption;

function moduleSources(): string {
  return join(guestSources(), "..", "module");
}

/** One for each image and state of the module's sources. */
function moduleFolder(bzImage: string): string {
  const hash = createHash("sha256").update(readFileSync(bzImage));
  const sources = moduleSources();
  for (const name of readdirSync(sources).sort()) hash.update(readFileSync(join(sources, name)));
  return join(cacheFolder(), "modules", hash.digest("hex").slice(0, 16));
}

/** The module that was built for an image, or null. */
export function moduleOf(bzImage: string): string | null {
  const path = join(moduleFolder(bzImage), MODULE);
  return existsSync(path) ? path : null;
}

/** Why the module did not build for an image, where that was tried with these sources; null where it was not, or where it did. */
export function moduleFailureOf(bzImage: string): string | null {
  const path = failureFile(bzImage);
  return existsSync(path) && moduleOf(bzImage) === null ? readFileSync(path, "utf8") : null;
}

const failureFile = (bzImage: string) => `${moduleFolder(bzImage)}.failed`;

/** Keeps why the module did not build for an image, so that the image is not made again for it. */
export function keepModuleFailure(bzImage: string, why: string): void {
  writeFileSync(failureFile(bzImage), why);
}

/** Builds the module for an image and returns its path. Throws KernelUnavailable where it does not build. */
export async function buildModule(
  id: string,
  bzImage: string,
  { folder, sources }: BuiltKernel,
  interrupted?: AbortSignal,
): Promise<string> {
  const target = moduleFolder(bzImage);
  await publishFolder(target, async (draft) => {
    const work = join(draft, "build");
    mkdirSync(work);
    for (const name of readdirSync(moduleSources())) {
      copyFileSync(join(moduleSources(), name), join(work, name));
    }
    const log = new BuildLog(`the module for ${id}`, `${target}.log`, interrupted);
    const where = sources === undefined ? ["-C", folder] : ["-C", sources, `O=${folder}`];
    await log.step("make", [...where, `M=${work}`, `CC=${compiler()}`, ...WITHOUT, "modules"]);
    copyFileSync(join(work, MODULE), join(draft, MODULE));
    rmSync(work, { recursive: true });
  });
  return join(target, MODULE);
}

/** Left out of the build: type information, which needs pahole, and an option of newer compilers than may be here. */
const WITHOUT = ["CONFIG_DEBUG_INFO_BTF_MODULES=", "CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT="];

/**
 * Builds the module for a fetched image or a bzImage: with the folder that the kernel was built in, or, for
 * an image of Debian, with its headers. Throws KernelUnavailable where that cannot be done.
 */
export async function moduleFor(
  spec: string,
  build: string | null,
  interrupted: AbortSignal | undefined,
): Promise<string> {
  const bzImage = locateImage(spec);
  const id = `kernel:${spec}`;
  if (build !== null) return buildModule(id, bzImage, { folder: build }, interrupted);
  const image = cachedImageOf(bzImage);
  if (image === null) {
    const mend = `pfndiff kernel module ${spec} --build FOLDER, the one that it was built in`;
    throw new KernelUnavailable(`${bzImage} is no image of Debian's`, mend);
  }
  const folder = mkdtempSync(join(tmpdir(), "pfndiff-headers-"));
  try {
    return await buildModule(id, bzImage, await unpackHeaders(image, folder), interrupted);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
