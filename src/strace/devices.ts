import type { Via } from "../trace/op.ts";

/** A path that is to be taken for a device, and the way in that it stands for. */
export interface DeviceOption {
  readonly path: string;
  readonly via: Via;
}

/** An open device file. */
export interface DeviceFile {
  readonly via: Via;
  /** What it maps: files with the same region and offset map the same page. */
  readonly region: string;
}

const RESOURCE =
  /^\/sys\/(?:bus\/pci\/devices|devices\/pci.*)\/(?:.*\/)?([^/]+)\/resource(\d+)(_wc)?$/;
const RESOURCE_OF_BUS = /^\/sys\/bus\/pci\/devices\/([^/]+)\/resource(\d+)(_wc)?$/;

/** The name of physical memory as a region, as /dev/mem maps it. */
export const MEMORY = "memory";

/**
 * What an opened path is: /dev/mem (O_SYNC or O_DSYNC asks for uncached-minus), a PCI resource
 * file, a path given by the user, or nothing of interest (null). A path that ends in `_wc` maps
 * the region of its namesake without.
 */
export function deviceOf(
  path: string,
  flags: ReadonlySet<string>,
  options: readonly DeviceOption[],
): DeviceFile | null {
  const given = options.find((option) => option.path === path);
  if (given !== undefined) return { via: given.via, region: path.replace(/_wc$/, "") };
  if (path === "/dev/mem") {
    const isSync = flags.has("O_SYNC") || flags.has("O_DSYNC");
    return { via: isSync ? "devmem_sync" : "devmem", region: MEMORY };
  }
  const match = RESOURCE_OF_BUS.exec(path) ?? RESOURCE.exec(path);
  if (match === null) return null;
  const [, device = "", bar = "", twin] = match;
  const region = `${device}/resource${bar}`;
  return { via: twin === undefined ? "resource" : "resource_wc", region };
}

/** Whether a path is one whose open flags decide the cache mode. */
export function needsFlags(path: string): boolean {
  return path === "/dev/mem";
}
