import { PAGE_BYTES } from "../../kernel/parse/memtype.ts";
import type { Bytes } from "../../kernel/parse/message.ts";
import {
  CACHE_MODES,
  type CacheMode,
  cattrName,
  type PageCacheMode,
  UC_MINUS,
  WB,
  WC,
} from "../pat/cachemode.ts";
import type { PatEvent } from "../pat/events.ts";
import { KernelState } from "../pat/kernelstate.ts";
import { MemtypeList, type ModeRef } from "../pat/memtype.ts";
import type { RegionMtrr } from "../pat/regionmemory.ts";
import { PfnRanges } from "../pat/pfnmap.ts";
import type { Memtype } from "../trace/recording.ts";
import { UserError } from "../usererror.ts";
import type { Trial } from "./document.ts";
import type { Excerpt } from "./excerpt.ts";

/** A mapping that somebody would like to make. */
interface Wish extends Bytes {
  readonly way: string;
}

/** What can be tried, and the mode that it asks for. */
export const WAYS: Readonly<Record<string, PageCacheMode>> = {
  resource: UC_MINUS,
  resource_wc: WC,
  devmem: WB,
  devmem_sync: UC_MINUS,
  ioremap: UC_MINUS,
  ioremap_wc: WC,
  ioremap_cache: WB,
};

const SIZE: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const LOW_END = 1 << 20;

/** A wish such as `resource_wc 0xfe800000 16K`; anything else is a UserError. */
export function wishOf(text: string): Wish {
  const [, way = "", at = "", size = "", unit = ""] =
    /^(\w+) (0x[0-9a-f]+) (\d+|0x[0-9a-f]+)([KMG]?)$/i.exec(text.trim()) ?? [];
  const start = Number(at);
  const end = start + Number(size) * (SIZE[unit.toUpperCase()] ?? 1);
  const isWhole = start % PAGE_BYTES === 0 && end % PAGE_BYTES === 0 && end > start;
  if (WAYS[way] !== undefined && isWhole) return { way, start, end };
  const ways = Object.keys(WAYS).join(", ");
  throw new UserError(
    `--try ${JSON.stringify(text)}: expected "WAY ADDRESS SIZE" in whole pages, such as "resource_wc 0xfe800000 16K" (WAY: ${ways})`,
  );
}

/** The kernel's list as it is, and nothing that led to it. */
class GivenList extends MemtypeList {
  constructor(mtrr: RegionMtrr, log: PatEvent[], entries: readonly Memtype[]) {
    super(mtrr, false, log, null, new KernelState(log));
    this.requests = [];
    for (const { start, end, type } of entries) {
      const mode = CACHE_MODES.indexOf(type) as PageCacheMode;
      this.insert(start / PAGE_BYTES, end / PAGE_BYTES, mode);
    }
  }
}

/** What the MTRRs say of a range: what /proc/mtrr has, else write-back for low memory only. */
function mtrrOf({ start, end }: Bytes, { mtrr }: Excerpt): RegionMtrr {
  if (end <= LOW_END) return "write-back";
  const covers = mtrr.some(
    (one) => one.type === "write-back" && one.start <= start && end <= one.end,
  );
  const uncached = mtrr.some(
    (one) => one.type === "uncachable" && one.start < end && start < one.end,
  );
  return covers && !uncached ? "write-back" : "uncached";
}

/** The mode that a mapping gets beside these entries, or null, and why. */
function ask(
  wish: Wish,
  mtrr: RegionMtrr,
  entries: readonly Memtype[],
): { got: PageCacheMode | null; by: string } {
  const log: PatEvent[] = [];
  const list = new GivenList(mtrr, log, entries);
  const granted: ModeRef = { mode: WB };
  const [from, to] = [wish.start / PAGE_BYTES, wish.end / PAGE_BYTES];
  const error = new PfnRanges(list, log).track(
    from,
    to,
    WAYS[wish.way] as PageCacheMode,
    false,
    granted,
  );
  const by = list.requests?.at(-1)?.by ?? "unknown";
  return { got: error === null ? granted.mode : null, by };
}

const REASONS: Readonly<Record<string, string>> = {
  asked: "nothing of another mode is reserved there",
  mtrr: "the MTRRs call this memory uncached, so write-back becomes uncached-minus",
  reservation: "the mode of what is reserved there is taken",
  "two-modes": "reservations of two modes are there, and one mapping cannot have both",
  "refused-pair": "the mode that is reserved there may not stand for this one",
};

const ISA: Bytes = { start: 0xa0000, end: LOW_END };

/** The tracking knows nothing of these ranges, so nothing can be said of them. */
function checkTracked({ start, end }: Bytes, { resources }: Excerpt, text: string): void {
  if (ISA.start <= start && end <= ISA.end) {
    throw new UserError(
      `--try ${JSON.stringify(text)}: lies in 0xa0000-0xfffff, where PAT tracks nothing`,
    );
  }
  const isRam = resources.some(
    (one) => one.name === "System RAM" && one.start < end && start < one.end,
  );
  if (isRam)
    throw new UserError(
      `--try ${JSON.stringify(text)}: is RAM, as /proc/iomem has it, and no device`,
    );
}

/** What a further mapping would get, by the models' own memtype list, and what would have to go first. */
export function tryOut(text: string, excerpt: Excerpt): Trial {
  const wish = wishOf(text);
  checkTracked(wish, excerpt, text);
  const list = excerpt.list ?? [];
  const mtrr = mtrrOf(wish, excerpt);
  const { got, by } = ask(wish, mtrr, list);
  const best = ask(wish, mtrr, []).got;
  const asked = cattrName(WAYS[wish.way] as PageCacheMode);
  const inTheWay =
    got === best ? [] : othersIn(wish, list, best === null ? asked : cattrName(best));
  return {
    ...wish,
    asked,
    ...(got === null ? {} : { got: cattrName(got) }),
    why: REASONS[by] ?? by,
    inTheWay,
  };
}

/** Places of what overlaps the range with another mode. */
function othersIn(range: Bytes, list: readonly Memtype[], mode: CacheMode): number[] {
  return list.flatMap(({ start, end, type }, at) =>
    type !== mode && start < range.end && range.start < end ? [at] : [],
  );
}
