import type { RegionVia } from "../trace/op.ts";

/**
 * How a driver maps its pages: the whole VMA by one remap_pfn_range(), parts of it one by one, or each
 * page as it is touched. Only the first is tracked.
 */
export const DEVICE_CLASSES = ["remap", "partial", "insert"] as const;

export type DeviceClass = (typeof DEVICE_CLASSES)[number];

/** A path that is to be taken for a device, the way in that it stands for, and how it maps. */
export interface DeviceOption {
  readonly path: string;
  readonly via: RegionVia;
  /** What is known of the path where it is absent. */
  readonly maps?: DeviceClass;
}

/** An open device file. */
export interface DeviceFile {
  readonly via: RegionVia;
  /** What it maps: files with the same region and offset map the same page. */
  readonly region: string;
  readonly maps: DeviceClass;
}

/** Files of /dev that are memory, and no device's. */
const ORDINARY = /^\/dev\/(?:zero$|null$|shm\/|hugepages\/|mqueue\/|dma_heap\/)/;

/** Whether a path may well be a device's although nothing is known of how it maps. */
export function mayBeDevice(path: string): boolean {
  return path.startsWith("/dev/") && !ORDINARY.test(path);
}

/** Graphics cards and VFIO, which insert pages at fault: nothing of theirs is tracked. */
const INSERTING = /^(?:\/dev\/dri\/|\/dev\/vfio\/|anon_inode:\[vfio-device\])/;

/** A device's resources by their addresses, as sysfs has them one by one (pci_mmap_resource_range()). */
const PROC_PCI = /^\/proc\/bus\/pci\/[\da-f:]+\/[\da-f]+\.[0-7]$/;
const RESOURCE =
  /^\/sys\/(?:bus\/pci\/devices|devices\/pci.*)\/(?:.*\/)?([^/]+)\/resource(\d+)(_wc)?$/;
const RESOURCE_OF_BUS = /^\/sys\/bus\/pci\/devices\/([^/]+)\/resource(\d+)(_wc)?$/;

/** The name of physical memory as a region, as /dev/mem maps it. */
export const MEMORY = "memory";

/**
 * What an opened path is: /dev/mem (O_SYNC or O_DSYNC asks for uncached-minus), a PCI resource
 * file, a PCI device in /proc, a graphics card, VFIO, a path given by the user, or nothing of interest (null). A path
 * that ends in `_wc` maps the region of its namesake without.
 */
export function deviceOf(
  path: string,
  flags: ReadonlySet<string>,
  options: readonly DeviceOption[],
): DeviceFile | null {
  const given = options.find((option) => option.path === path);
  const maps = given?.maps ?? (INSERTING.test(path) ? "insert" : "remap");
  if (given !== undefined) return { via: given.via, region: path.replace(/_wc$/, ""), maps };
  if (maps === "insert") return { via: "resource", region: path, maps };
  if (path === "/dev/mem") {
    const isSync = flags.has("O_SYNC") || flags.has("O_DSYNC");
    return { via: isSync ? "devmem_sync" : "devmem", region: MEMORY, maps };
  }
  if (PROC_PCI.test(path)) return { via: "resource", region: path, maps };
  const match = RESOURCE_OF_BUS.exec(path) ?? RESOURCE.exec(path);
  if (match === null) return null;
  const [, device = "", bar = "", twin] = match;
  const region = `${device}/resource${bar}`;
  return { via: twin === undefined ? "resource" : "resource_wc", region, maps };
}

/** Whether a path is one whose open flags decide the cache mode. */
export function needsFlags(path: string): boolean {
  return path === "/dev/mem";
}
