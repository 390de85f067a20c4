import { LIMITS } from "../trace/op.ts";
import { UserError } from "../usererror.ts";

/** Runs of pages that no boundary divides are shortened to so many: their length tells nothing. */
const LONGEST_RUN = 8;

/** More boundaries than this mean that mappings slide over each other page by page. */
const MOST_CUTS = 40_000;

/** Two ranges of one length whose pages belong together: page i of one to page i of the other. */
interface Link {
  readonly from: Axis;
  readonly at: number;
  readonly to: Axis;
  readonly as: number;
  readonly pages: number;
}

/** A number line of pages whose boundaries are gathered, and which is then renumbered. */
export class Axis {
  readonly cuts = new Set<number>();
  private readonly used: { start: number; end: number }[] = [];
  private placed: ReadonlyMap<number, number> = new Map();
  length = 0;

  use(start: number, pages: number): void {
    this.cuts.add(start);
    this.cuts.add(start + pages);
    if (pages > 0) this.used.push({ start, end: start + pages });
  }

  /** Where a boundary lies after renumbering. */
  at(cut: number): number {
    const place = this.placed.get(cut);
    if (place === undefined) throw new Error(`page ${cut} is not a boundary of the layout`);
    return place;
  }

  /** Runs in use keep their length up to so many pages; a gap between them becomes one page. */
  renumber(longestRun = LONGEST_RUN): void {
    const sorted = [...this.cuts].sort((a, b) => a - b);
    const covers = coverage(this.used);
    const placed = new Map<number, number>();
    let place = 0;
    sorted.forEach((cut, index) => {
      placed.set(cut, place);
      const next = sorted[index + 1];
      if (next !== undefined) place += covers(cut) ? Math.min(next - cut, longestRun) : 1;
    });
    this.placed = placed;
    this.length = place;
  }
}

/** Answers, for rising pages, whether any of the ranges covers the page. */
function coverage(ranges: readonly { start: number; end: number }[]): (page: number) => boolean {
  const sorted = [...ranges].sort((a, b) => a.start - b.start);
  let next = 0;
  let covered = -1;
  return (page) => {
    for (
      let range = sorted[next];
      range !== undefined && range.start <= page;
      range = sorted[++next]
    ) {
      covered = Math.max(covered, range.end);
    }
    return page < covered;
  };
}

/**
 * Renumbers virtual and physical pages so that order and adjacency stay and lengths are short. A
 * boundary inside a mapping is one on both lines, so a mapping's two lengths stay equal.
 */
export class Layout {
  readonly virtual = new Axis();
  readonly physical = new Axis();
  private readonly links = new Map<string, Link>();

  /** A mapping of physical pages. */
  map(at: number, pfn: number, pages: number): void {
    this.virtual.use(at, pages);
    this.physical.use(pfn, pages);
    const link = { from: this.virtual, at, to: this.physical, as: pfn, pages };
    this.links.set(`map ${at} ${pfn} ${pages}`, link);
  }

  /** A move of virtual pages. */
  move(at: number, to: number, pages: number): void {
    this.virtual.use(at, pages);
    this.virtual.use(to, pages);
    const link = { from: this.virtual, at, to: this.virtual, as: to, pages };
    this.links.set(`move ${at} ${to} ${pages}`, link);
  }

  /** Ends the gathering. UserError when the pages do not fit into a trace. */
  settle(): void {
    const links = [...this.links.values()];
    for (let before = -1; before !== this.cutCount(); ) {
      before = this.cutCount();
      if (before > MOST_CUTS) {
        throw new UserError("the mappings overlap at too many places for a trace to hold");
      }
      for (const link of links) share(link);
    }
    this.virtual.renumber();
    this.physical.renumber();
    const most = Math.max(this.virtual.length / LIMITS.vpages, this.physical.length / LIMITS.pfns);
    if (most > 1) {
      throw new UserError(`the mappings need ${Math.ceil(most)} times the pages of a trace`);
    }
  }

  private cutCount(): number {
    return this.virtual.cuts.size + this.physical.cuts.size;
  }
}

function share({ from, at, to, as, pages }: Link): void {
  const inner = (cuts: ReadonlySet<number>, start: number) =>
    [...cuts].filter((cut) => start < cut && cut < start + pages);
  for (const cut of inner(from.cuts, at)) to.cuts.add(cut - at + as);
  for (const cut of inner(to.cuts, as)) from.cuts.add(cut - as + at);
}
