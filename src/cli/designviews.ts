import type { Mm } from "../mm/mm.ts";
import type { PageTable } from "../mm/pagetable.ts";
import type {
  TrackedKernel,
  TrackedMm,
  TrackedPages,
  TrackedRanges,
  TrackedVma,
} from "../mm/tracking.ts";
import type { Vma } from "../mm/vma.ts";
import { CACHE_MODES, type PageCacheMode } from "../pat/cachemode.ts";
import { ALLOCATION_SITES } from "../pat/kernelstate.ts";
import { isRam } from "../pat/rampages.ts";
import { REGION_PFNS, regionAt } from "../pat/regionmemory.ts";

/*
 * The machine as a module of the user's own sees it: what it may read is there, what it may not
 * write cannot be written. Whatever is refused here throws inside the module's hook, so that its
 * watch can name the hook.
 */

/** A module has asked for what no design may have; the message says what, in a few words. */
export class Refusal extends Error {}

/** A VMA, of which only `track` is the module's. Every other field is the address space's. */
class VmaView implements TrackedVma {
  readonly #vma: Vma;

  constructor(vma: Vma) {
    this.#vma = vma;
  }

  get track(): object | null {
    return this.#vma.track;
  }

  set track(track: object | null) {
    if (track !== null && typeof track !== "object") {
      throw new Refusal(`a VMA's track is ${String(track)}, which is neither an object nor null`);
    }
    this.#vma.track = track;
  }

  get start() {
    return this.#vma.start;
  }

  get end() {
    return this.#vma.end;
  }

  get pages() {
    return this.#vma.pages;
  }

  get pfn() {
    return this.#vma.pfn;
  }

  get flags() {
    return this.#vma.flags;
  }

  get prot() {
    return this.#vma.prot;
  }

  get isPrivate() {
    return this.#vma.isPrivate;
  }

  get dontfork() {
    return this.#vma.dontfork;
  }

  get sealed() {
    return this.#vma.sealed;
  }

  get device() {
    return this.#vma.device;
  }
}

/** Makes writing any of an object's getters say whose it is; a module is strict, but that says little. */
function refuseWrites(prototype: object, what: string): void {
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (property.get === undefined || property.set !== undefined) continue;
    const set = () => {
      throw new Refusal(`it changes what is not its own: ${what}'s ${name}`);
    };
    Object.defineProperty(prototype, name, { ...property, set });
  }
}

refuseWrites(VmaView.prototype, "a VMA");

function pagesView(table: PageTable): TrackedPages {
  return Object.freeze({
    pfnAt: (at) => table.pfnAt(at),
    modeAt: (at) => table.modeAt(at),
    modeOfBits: (at) => table.modeOfBits(at),
    isAnon: (at) => table.isAnon(at),
    isNone: (at) => table.isNone(at),
    hasTable: (at) => table.hasTable(at),
  } satisfies TrackedPages);
}

/** The views that one design has been given: of the same VMA or address space always the same. */
export class Views {
  private readonly ofVmas = new WeakMap<Vma, VmaView>();
  private readonly ofMms = new WeakMap<Mm, TrackedMm>();

  vma(vma: Vma): TrackedVma {
    const known = this.ofVmas.get(vma);
    if (known !== undefined) return known;
    const view = new VmaView(vma);
    this.ofVmas.set(vma, view);
    return view;
  }

  mm(mm: Mm): TrackedMm {
    const known = this.ofMms.get(mm);
    if (known !== undefined) return known;
    const view = this.makeMm(mm);
    this.ofMms.set(mm, view);
    return view;
  }

  private makeMm(mm: Mm): TrackedMm {
    const vmaOf = (vma: Vma) => this.vma(vma);
    const found = (vma: Vma | null) => (vma === null ? null : vmaOf(vma));
    return Object.freeze({
      pageTable: pagesView(mm.pageTable),
      end: mm.end,
      get count() {
        return mm.count;
      },
      get vmas() {
        return mm.vmas.map(vmaOf);
      },
      find: (at) => found(mm.find(at)),
      lookup: (at) => found(mm.lookup(at)),
    } satisfies TrackedMm);
  }
}

/** The pfns of regions of so many pages: a module may be mistaken about them, but not leave the world. */
export function rangesView(ranges: TrackedRanges, regions: readonly number[]): TrackedRanges {
  const check = (call: string, start: unknown, end: unknown) => {
    const asked = `ranges.${call}(${String(start)}, ${String(end)})`;
    if (!isPage(start) || !isPage(end)) throw new Refusal(`${asked} names no pfns`);
    // A range may reach out: VM_PAT frees as many pages as its VMA has, mapped or not.
    const region = regionAt(start);
    if (isRam(start) || start - region * REGION_PFNS < (regions[region] ?? 0)) return;
    throw new Refusal(`${asked} lies outside the world, which has ${regions.join(" and ")} pfns`);
  };
  return Object.freeze({
    track: (start, end, wanted, strict, granted) => {
      check("track", start, end);
      if (!isObject(granted) || !isMode(wanted)) {
        throw new Refusal("ranges.track() needs a cache mode, and where to put the granted one");
      }
      return ranges.track(start, end, wanted, strict, granted);
    },
    untrack: (start, end) => {
      check("untrack", start, end);
      ranges.untrack(start, end);
    },
    lookup: (pfn) => {
      check("lookup", pfn, pfn);
      return ranges.lookup(pfn);
    },
    lookupRange: (start, end, granted) => {
      check("lookupRange", start, end);
      if (!isObject(granted)) {
        throw new Refusal("ranges.lookupRange() needs where to put the mode");
      }
      return ranges.lookupRange(start, end, granted);
    },
  } satisfies TrackedRanges);
}

export function kernelView(kernel: TrackedKernel): TrackedKernel {
  return Object.freeze({
    fails: (site) => {
      if (SITES.has(site)) return kernel.fails(site);
      const known = ALLOCATION_SITES.join(", ");
      throw new Refusal(
        `kernel.fails(${JSON.stringify(site)}) is no place that allocates (known: ${known})`,
      );
    },
    warn: (text) => kernel.warn(String(text)),
    warnOnce: (text) => kernel.warnOnce(String(text)),
    writesVmFlags: (where) => kernel.writesVmFlags(where),
    get inFault() {
      return kernel.inFault;
    },
  } satisfies TrackedKernel);
}

const SITES: ReadonlySet<unknown> = new Set(ALLOCATION_SITES);

function isPage(page: unknown): page is number {
  return Number.isInteger(page) && (page as number) >= 0;
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Whether a value is a cache mode as models hold it. */
export function isMode(mode: unknown): mode is PageCacheMode {
  return Number.isInteger(mode) && (mode as number) >= 0 && (mode as number) < CACHE_MODES.length;
}
