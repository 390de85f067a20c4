import { DRIVER_LIMITS } from "../../src/trace/fields.ts";
import { RAM_START } from "../../src/pat/rampages.ts";
import type { Prot } from "../../src/trace/op.ts";
import type { Design, VmaState } from "../../src/trace/recording.ts";
import {
  PAGE_BYTES,
  shownPages,
  type WorldWindow,
  pageOf,
  UnreadableKernelText,
} from "./memtype.ts";
import { type PageRun, tablesOf } from "./pages.ts";

/** Where the module of a guest has the RAM that traces name, and buffers of coherent memory: physical addresses. */
export interface ModuleMemory {
  readonly ram: number;
  readonly buffers: number;
}

/** How many pages of RAM traces can name, and at which of them buffers are said to begin. */
const RAM_PAGES = DRIVER_LIMITS.ramPages;
export const BUFFERS_AT = 1 << 16;

/** The driver's file, whose VMAs have file offsets, until a private one is remapped: then they have a pfn. */
const DRIVERS_FILE = /\s\/dev\/pfndiff$/;

const HEADER = /^([0-9a-f]+)-([0-9a-f]+) ([r-])([w-])[x-]([sp]) ([0-9a-f]+) (\S+) (\d+)/;

function protOf(read: string, write: string, line: string): Prot {
  if (write === "w" && read === "r") return "rw";
  if (write === "w") throw new UnreadableKernelText(`a writable VMA that cannot be read: ${line}`);
  return read === "r" ? "r" : "none";
}

/** Marks of madvise() and mlock() by their names in VmFlags, in the order in which recordings list them. */
const ADVISED = [
  ["rr", "random"],
  ["sr", "sequential"],
  ["hg", "hugepage"],
  ["nh", "nohugepage"],
  ["lo", "locked"],
  ["dd", "dontdump"],
  ["wf", "wipeonfork"],
  ["mg", "mergeable"],
] as const;
/** A line that a VMA has where its protection key is another than the first. */
const KEY = /^ProtectionKey:\s+[1-9]/;
/** The last ones are of anonymous memory alone: every mapping of a device is kept from dumps. */
const ADVISED_FILE = ADVISED.slice(0, 4);

function advisedIn(
  names: readonly string[],
  isAnon: boolean,
  hasKey: boolean,
): Pick<VmaState, "advised"> {
  const advised: VmaState["advised"] = (isAnon ? ADVISED : ADVISED_FILE)
    .filter(([name]) => names.includes(name))
    .map(([, mark]) => mark);
  if (hasKey) advised.push("pkey");
  return advised.length > 0 ? { advised } : {};
}

/** The pfn in the offset column of a VMA of the driver's file: a file offset, or the pfn which a remap put there. */
function pfnOfDrivers(offset: string, window: WorldWindow, module: ModuleMemory): number {
  const pageFrom = (address: number) => pageOf(offset, { address, pages: 0 });
  const within = (page: number, pages: number) => page >= 0 && page < pages;
  const at = Number.parseInt(offset, 16);
  const ofRegion = shownPages({ start: at, end: at + PAGE_BYTES }, window);
  if (ofRegion !== null) return ofRegion.start;
  const ofRam = pageFrom(module.ram);
  if (within(ofRam, RAM_PAGES)) return RAM_START + ofRam;
  const ofBuffers = pageFrom(module.buffers);
  const room = DRIVER_LIMITS.buffers * DRIVER_LIMITS.bufferPages;
  return within(ofBuffers, room) ? RAM_START + BUFFERS_AT + ofBuffers : pageFrom(0);
}

/**
 * The VMAs of a process' window, which begins at an address, from the header and VmFlags lines of its smaps, and
 * that of a protection key. VM_PAT shows as
 * `ar` up to 6.15, so `pat` is there for that design only; VM_DONTCOPY shows as `dc`,
 * VM_SEALED as `sl`. The pfn is
 * the offset column: the region's drivers put the physical page there. Those of the driver's file have `maps`, and
 * all other ones of files `modes`, where a module shows page tables.
 */
export function parseVmas(
  text: string,
  window: WorldWindow,
  { design, address }: { readonly design: Design; readonly address: number },
  shown: { readonly module: ModuleMemory; readonly runs: readonly PageRun[] } | null = null,
): VmaState[] {
  const lines = text.split("\n").filter((line) => line !== "");
  const vmas: VmaState[] = [];
  for (let at = 0; at < lines.length; at++) {
    const header = lines[at] ?? "";
    const hasKey = KEY.test(lines[at + 1] ?? "");
    at += hasKey ? 2 : 1;
    const flags = lines[at] ?? "";
    const match = HEADER.exec(header);
    if (match === null || !flags.startsWith("VmFlags:")) {
      throw new UnreadableKernelText(`in smaps: ${header} | ${flags}`);
    }
    const [, start = "", end = "", read = "", write = "", share = "", offset = "", device, inode] =
      match;
    const isAnon = device === "00:00" && inode === "0";
    const ofDriver = shown !== null && DRIVERS_FILE.test(header) ? shown.module : null;
    const pfn = ofDriver === null ? pageOf(offset, window) : pfnOfDrivers(offset, window, ofDriver);
    const names = flags.slice("VmFlags:".length).trim().split(/\s+/);
    const page = (hex: string) => (Number.parseInt(hex, 16) - address) / PAGE_BYTES;
    const vma = {
      start: page(start),
      end: page(end),
      prot: protOf(read, write, header),
      private: share === "p",
      pfn: isAnon ? 0 : pfn,
      ...(isAnon ? { anon: true as const } : {}),
      ...(design === "vm-pat" ? { pat: names.includes("ar") } : {}),
      ...(names.includes("dc") ? { dontfork: true } : {}),
      ...(names.includes("sl") ? { sealed: true } : {}),
      ...advisedIn(names, isAnon, hasKey),
    };
    const tables = shown === null || isAnon ? {} : tablesOf(vma, shown.runs, ofDriver !== null);
    vmas.push({ ...vma, ...tables });
  }
  return vmas;
}
