import type { Driver } from "../mm/mmap.ts";
import { UC_MINUS, WB, WC } from "../pat/cachemode.ts";
import type { Via } from "../trace/op.ts";

/**
 * The ways into the region: pci_mmap_resource_range() for a PCI resource file and its
 * write-combining twin, mmap_mem() for /dev/mem, which asks for write-back unless the file was
 * opened O_SYNC. The first returns what the remap returned, the second EAGAIN whatever that was.
 */
export const DRIVERS: Readonly<Record<Via, Driver>> = {
  resource: { mode: UC_MINUS, errno: null, isDevmem: false },
  resource_wc: { mode: WC, errno: null, isDevmem: false },
  devmem: { mode: WB, errno: "EAGAIN", isDevmem: true },
  devmem_sync: { mode: UC_MINUS, errno: "EAGAIN", isDevmem: true },
};
