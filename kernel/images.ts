import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import {
  type AskedSuite,
  downloadPackage,
  type OfferedPackage,
  offeredPackages,
  refreshLists,
} from "./apt.ts";
import { cacheFolder, publishFolder } from "./cache.ts";
import { run } from "./run.ts";
import { KernelUnavailable } from "./unavailable.ts";

/**
 * Packages that may hold a vmlinuz: linux-image up to 6.18 (/boot), linux-binary in the split
 * layout of 6.19 and newer (/usr/lib/modules). Cloud builds: small, and with all that we need.
 */
const PACKAGE = /^linux-(?<kind>image|binary)-(?<release>\d[^-]*(?:-(?:rc)?\d+)?-cloud-amd64)$/;

const imageSchema = z.strictObject({
  /** What `uname -r` will say. */
  release: z.string(),
  /** The upstream version, such as 6.1.192, or 7.4-rc2. */
  version: z.string(),
  package: z.string(),
  packageVersion: z.string(),
});

/** A kernel image that Debian offers, or that is in the cache. */
export type KernelImage = z.infer<typeof imageSchema>;

/** An image and whether it is in the cache. */
export interface ListedImage {
  readonly series: string;
  readonly image: KernelImage;
  readonly fetched: boolean;
}

function imageOf({ name, version }: OfferedPackage): KernelImage {
  const release = PACKAGE.exec(name)?.groups?.["release"] ?? name;
  const upstream = /^[\d.]+(?:~rc\d+)?/.exec(version)?.[0].replace("~", "-") ?? version;
  return { release, version: upstream, package: name, packageVersion: version };
}

function numbers(text: string): number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}

/** The numbers of a version; a release candidate comes before the release, which has no third one. */
function versionKey(version: string): number[] {
  const [, release = version, candidate] = /^(.*)-rc(\d+)$/.exec(version) ?? [];
  return candidate === undefined ? numbers(release) : [...numbers(release), -2, Number(candidate)];
}

/** Orders images from older to newer; of one version, the split layout's binary comes last. */
export function compareImages(a: KernelImage, b: KernelImage): number {
  const keys = (image: KernelImage) => [
    versionKey(image.version),
    [image.package.startsWith("linux-binary-") ? 1 : 0],
    numbers(image.packageVersion),
    numbers(image.release),
  ];
  const [left, right] = [keys(a), keys(b)];
  for (const [index, key] of left.entries()) {
    const other = right[index] ?? [];
    for (let at = 0; at < Math.max(key.length, other.length); at++) {
      const difference = (key[at] ?? -1) - (other[at] ?? -1);
      if (difference !== 0) return difference;
    }
  }
  return 0;
}

/** The series of a version: 6.12 of 6.12.117. */
export function seriesOf(version: string): string {
  return numbers(version).slice(0, 2).join(".");
}

/** Whether "6.12", "6.12.117" or a whole `uname -r` names this image. */
export function imageMatches(image: KernelImage, wanted: string): boolean {
  return (
    image.release === wanted ||
    image.version === wanted ||
    image.version.startsWith(`${wanted}.`) ||
    image.version.startsWith(`${wanted}-rc`)
  );
}

function newest(images: readonly KernelImage[], wanted: string): KernelImage | undefined {
  return images
    .filter((image) => imageMatches(image, wanted))
    .sort(compareImages)
    .at(-1);
}

function imagesFolder(): string {
  return join(cacheFolder(), "kernels");
}

/** The images in the cache. A folder without a readable description is not one. */
export function cachedImages(): KernelImage[] {
  if (!existsSync(imagesFolder())) return [];
  const images: KernelImage[] = [];
  for (const name of readdirSync(imagesFolder())) {
    const path = join(imagesFolder(), name, "image.json");
    if (existsSync(path)) images.push(imageSchema.parse(JSON.parse(readFileSync(path, "utf8"))));
  }
  return images;
}

/** The image that a bzImage in the cache is of, or null. */
export function cachedImageOf(bzImage: string): KernelImage | null {
  const isOf = ({ release }: KernelImage) => join(imagesFolder(), release, "vmlinuz") === bzImage;
  return cachedImages().find(isOf) ?? null;
}

async function offeredImages(also: readonly AskedSuite[]): Promise<KernelImage[]> {
  await refreshLists(also);
  return (await offeredPackages((name) => PACKAGE.test(name))).map(imageOf);
}

/** The newest image of every series that Debian offers now, in other suites too. Throws KernelUnavailable. */
export async function listImages(also: readonly AskedSuite[] = []): Promise<ListedImage[]> {
  const offered = await offeredImages(also);
  const cached = cachedImages();
  const series = [...new Set(offered.map(({ version }) => seriesOf(version)))];
  const listed = series.flatMap((name) => {
    const image = newest(offered, name);
    if (image === undefined) return [];
    const fetched = cached.some(({ release, package: from }) => {
      return release === image.release && from === image.package;
    });
    return [{ series: name, image, fetched }];
  });
  return listed.sort((a, b) => compareImages(a.image, b.image));
}

async function unpack(image: KernelImage, draft: string): Promise<void> {
  await downloadPackage({ name: image.package, version: image.packageVersion }, draft);
  const archive = readdirSync(draft).find((name) => name.endsWith(".deb"));
  if (archive === undefined) throw new Error(`apt-get downloaded no package into ${draft}`);
  const path = join(draft, archive);
  // tar fails when the archive is cut short or holds no vmlinuz, so its status is enough.
  const script = `dpkg-deb --fsys-tarfile "$0" | tar -x -O --wildcards '*/vmlinuz*' > "$1"`;
  const { status, stderr } = await run("sh", ["-c", script, path, join(draft, "vmlinuz")]);
  if (status !== 0) throw new Error(`cannot unpack ${archive}: ${stderr.trim()}`);
  rmSync(path);
  writeFileSync(join(draft, "image.json"), `${JSON.stringify(image)}\n`);
}

/**
 * Fetches the newest image that `wanted` names ("6.12", "6.12.117", a whole `uname -r`) into the
 * cache and returns it with its path. Throws KernelUnavailable when Debian offers none.
 */
export async function fetchImage(
  wanted: string,
  also: readonly AskedSuite[] = [],
): Promise<{ image: KernelImage; path: string }> {
  const offered = await offeredImages(also);
  const image = newest(offered, wanted);
  if (image === undefined) {
    const series = new Set(offered.sort(compareImages).map(({ version }) => seriesOf(version)));
    const what = `Debian offers no kernel ${wanted} (only ${[...series].join(", ")})`;
    throw new KernelUnavailable(what, "pfndiff kernel list");
  }
  const folder = join(imagesFolder(), image.release);
  const path = join(folder, "vmlinuz");
  const cached = cachedImages().find(({ release }) => release === image.release);
  if (!existsSync(path) || cached?.packageVersion !== image.packageVersion) {
    await publishFolder(folder, (draft) => unpack(image, draft));
  }
  return { image, path };
}

/**
 * The bzImage that a backend id's `kernel:SPEC` names: a path (it has a slash or is a file), or
 * the newest fetched image of a release. Throws KernelUnavailable when there is none.
 */
export function locateImage(spec: string): string {
  if (spec.includes("/") || existsSync(spec)) {
    if (existsSync(spec)) return resolve(spec);
    throw new KernelUnavailable(`no kernel image at ${spec}`, "name a bzImage that is there");
  }
  const image = newest(cachedImages(), spec);
  if (image === undefined) {
    const what = `no image of kernel ${spec} is fetched`;
    throw new KernelUnavailable(what, `pfndiff kernel fetch ${spec}`);
  }
  return join(imagesFolder(), basename(image.release), "vmlinuz");
}
