import { fetchImage, listImages } from "../../kernel/images.ts";
import type { AskedSuite } from "../../kernel/apt.ts";
import { EXIT, type Io } from "./io.ts";

/** Prints the newest kernel of every series that Debian offers, and which of them are fetched. */
export async function kernelList(
  io: Io,
  options: { json?: boolean; also?: readonly AskedSuite[] },
): Promise<number> {
  const listed = await listImages(options.also);
  if (options.json === true) await io.out(`${JSON.stringify(listed)}\n`);
  else {
    for (const { series, image, fetched } of listed) {
      const mark = fetched ? "fetched" : `pfndiff kernel fetch ${series}`;
      await io.out(`${series.padEnd(6)}${image.release.padEnd(30)}${mark}\n`);
    }
  }
  return EXIT.ok;
}

/** Fetches the newest kernel that each name stands for and prints where it is. */
export async function kernelFetch(
  io: Io,
  releases: readonly string[],
  { also }: { also?: readonly AskedSuite[] },
): Promise<number> {
  for (const wanted of releases) {
    const { image, path } = await fetchImage(wanted, also);
    await io.out(`${image.version} ${image.release} ${path}\n`);
  }
  return EXIT.ok;
}
