import type { Driver } from "../mm/mmap.ts";
import { UC_MINUS, WB, WC } from "../pat/cachemode.ts";
import type { Via } from "../trace/op.ts";

const RESOURCE: Driver = { mode: UC_MINUS, errno: null, isDevmem: false };
const RESOURCE_WC: Driver = { mode: WC, errno: null, isDevmem: false };
const DEVMEM: Driver = { mode: WB, errno: "EAGAIN", isDevmem: true };
const DEVMEM_SYNC: Driver = { mode: UC_MINUS, errno: "EAGAIN", isDevmem: true };

/**
 * The ways into the region: pci_mmap_resource_range() for a PCI resource file and its
 * write-combining twin, mmap_mem() for /dev/mem, which asks for write-back unless the file was
 * opened O_SYNC. The first returns what the remap returned, the second EAGAIN whatever that was.
 */
export function driverOf(via: Via): Driver {
  switch (via) {
    case "resource":
      return RESOURCE;
    case "resource_wc":
      return RESOURCE_WC;
    case "devmem":
      return DEVMEM;
    case "devmem_sync":
      return DEVMEM_SYNC;
  }
}
