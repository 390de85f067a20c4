import { mmapAnon } from "../mm/anon.ts";
import type { Outcome } from "../mm/errno.ts";
import type { Mm, MmContext } from "../mm/mm.ts";
import { type Driver, mmap } from "../mm/mmap.ts";
import { protFlags, VM_PRIVATE } from "../mm/vmaflags.ts";
import { UC_MINUS, WB, WC } from "../pat/cachemode.ts";
import type { OpOf, RegionVia } from "../trace/op.ts";

const RESOURCE: Driver = { mode: UC_MINUS, errno: null, isDevmem: false };
const RESOURCE_WC: Driver = { mode: WC, errno: null, isDevmem: false };
const DEVMEM: Driver = { mode: WB, errno: "EAGAIN", isDevmem: true };
const DEVMEM_SYNC: Driver = { mode: UC_MINUS, errno: "EAGAIN", isDevmem: true };

/**
 * The ways into the region: pci_mmap_resource_range() for a PCI resource file and its
 * write-combining twin, mmap_mem() for /dev/mem, which asks for write-back unless the file was
 * opened O_SYNC. The first returns what the remap returned, the second EAGAIN whatever that was.
 */
function driverOf(via: RegionVia, { kernel, profile }: MmContext): Driver {
  switch (via) {
    case "resource":
      return RESOURCE;
    case "resource_wc":
      return RESOURCE_WC;
    case "devmem":
      return DEVMEM;
    case "devmem_sync":
      return kernel.hasPat || !profile.devmemSyncNeedsPat ? DEVMEM_SYNC : DEVMEM;
  }
}

/** What an mmap of a trace asks of its file. */
export function mmapOf(context: MmContext, mm: Mm, op: OpOf<"mmap">): Outcome {
  const flags = protFlags(op.prot) | (op.private ? VM_PRIVATE : 0);
  if (op.via === "anon") return mmapAnon(context, mm, op.at, op.pages, flags);
  return mmap(context, mm, op.at, op.pages, op.pfn, flags, driverOf(op.via, context));
}
