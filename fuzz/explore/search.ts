import type { Op } from "../../src/trace/op.ts";
import type { Bounds } from "./bounds.ts";
import type { Expander, Expansion, Paths, Seen } from "./expander.ts";
import { HashSum } from "./hashsum.ts";
import { ASPECTS } from "./pair.ts";
import { PathList } from "./pathlist.ts";
import { StateSet } from "./stateset.ts";

/** One level: what `depth` ops after the first process' birth reach for the first time. */
export interface Level {
  readonly depth: number;
  readonly transitions: number;
  readonly states: number;
  /** Sum of the new states' 64-bit hashes, in hexadecimal: the order does not matter. */
  readonly hash: string;
}

/** Something that showed, with the least ops that show it. */
export interface Witness {
  readonly key: string;
  readonly depth: number;
  readonly ops: readonly Op[];
}

/** How far a search is. */
export interface SearchProgress {
  readonly depth: number;
  readonly done: number;
  readonly of: number;
  readonly transitions: number;
  readonly states: number;
  readonly signatures: number;
}

/**
 * A search between two chunks of a level: all that it needs to go on. The arrays are its own, and stay as they
 * are until whoever keeps them has returned.
 */
export interface KeptSearch {
  readonly levels: readonly Level[];
  readonly signatures: readonly Witness[];
  readonly symptoms: readonly Witness[];
  readonly aspects: readonly Witness[];
  readonly differing: readonly number[];
  /** Of the level that is being searched: chunks done, transitions, states before it, and the sum of its hashes. */
  readonly done: number;
  readonly transitions: number;
  readonly before: number;
  readonly sum: readonly [high: number, low: number];
  /** Hashes of states, and how many there are. */
  readonly size: number;
  readonly states: Uint32Array<ArrayBuffer>;
  /** The level's states, and those found of the next, by the letters that lead to them. */
  readonly paths: Uint16Array<ArrayBuffer>;
  readonly next: Uint16Array<ArrayBuffer>;
}

export interface SearchOptions {
  readonly bounds: Bounds;
  /** Names the letters of paths; expansions may happen elsewhere. */
  readonly expander: Expander;
  /** Expands a chunk of states, perhaps several chunks at once. */
  expand(paths: Paths): Promise<Expansion>;
  /** Chunks to have under way at once. */
  readonly ahead: number;
  /** Levels to search, where not all that the bounds have. */
  readonly levels?: number;
  /** Bytes that the set of states and the lists of paths may use together. */
  readonly memory: number;
  readonly signal?: AbortSignal;
  /** A search to go on with. */
  readonly kept?: KeptSearch | undefined;
  /** Whether it is time to keep the search; asked after each chunk. Always kept when it is interrupted. */
  isTimeToKeep?(): boolean;
  keep?(search: KeptSearch): Promise<void>;
  onProgress?(progress: SearchProgress): void;
}

export interface SearchResult {
  readonly interrupted: boolean;
  /** The sides had parted when the beginning was over: no signature is judged. */
  readonly beganParted: boolean;
  readonly levels: readonly Level[];
  readonly signatures: readonly Witness[];
  readonly symptoms: readonly Witness[];
  readonly aspects: readonly Witness[];
  /** Transitions after which the sides showed different things, by aspect. */
  readonly differing: readonly number[];
}

/** States of one chunk: enough work to be worth a message, few enough to spread evenly. */
const CHUNK = 128;

/** Breadth-first search: every state within the bounds, each expanded once. */
export async function search(options: SearchOptions): Promise<SearchResult> {
  return new Search(options).run();
}

class Search {
  private readonly states: StateSet;
  private readonly levels: Level[] = [];
  private readonly signatures = new Map<string, Witness>();
  private readonly symptoms = new Map<string, Witness>();
  private readonly aspects = new Map<string, Witness>();
  private readonly differing = ASPECTS.map(() => 0);

  constructor(private readonly options: SearchOptions) {
    this.states = new StateSet(options.memory / 2);
  }

  async run(): Promise<SearchResult> {
    const { bounds, expander, kept, levels = bounds.depth } = this.options;
    const depth = Math.min(levels, bounds.depth);
    const none: Paths = { length: 0, letters: new Uint16Array(0) };
    const [high, low, beganParted] = expander.stateOf(none, 0);
    let paths: Paths = none;
    if (kept === undefined) this.states.add(high, low);
    else paths = this.takeOver(kept);
    let from = kept ?? null;
    while (this.levels.length < depth) {
      const next = await this.level(paths, from);
      if (next === null) break;
      [paths, from] = [next, null];
    }
    return {
      interrupted: this.levels.length < depth,
      beganParted,
      levels: this.levels,
      signatures: [...this.signatures.values()],
      symptoms: [...this.symptoms.values()],
      aspects: [...this.aspects.values()],
      differing: this.differing,
    };
  }

  private takeOver({ levels, states, size, paths, differing, ...found }: KeptSearch): Paths {
    this.states.take(states, size);
    this.levels.push(...levels);
    for (const name of ["signatures", "symptoms", "aspects"] as const) {
      for (const witness of found[name]) this[name].set(witness.key, witness);
    }
    for (const [aspect, count] of differing.entries()) this.differing[aspect] = count;
    return { length: levels.length, letters: paths };
  }

  /** Expands one level, or what a kept search has left of it, and returns the states it reached; null when interrupted. */
  private async level(paths: Paths, from: KeptSearch | null): Promise<Paths | null> {
    const { bounds, ahead, expand, signal, onProgress, memory } = this.options;
    const depth = paths.length + 1;
    const next = new PathList(depth, memory / 4);
    const chunks = chunksOf(paths);
    const tally = this.begin(next, from);
    const pending: Promise<Expansion>[] = [];
    let asked = tally.done;
    while (tally.done < chunks.length) {
      while (asked < chunks.length && asked < tally.done + ahead) {
        const promise = expand(chunks[asked++] as Paths);
        // A rejection is met below, in the chunk's turn.
        promise.catch(() => undefined);
        pending.push(promise);
      }
      const chunk = chunks[tally.done] as Paths;
      const expansion = await (pending.shift() as Promise<Expansion>);
      if (signal?.aborted === true) {
        await this.keepAs(tally, paths, next);
        return null;
      }
      this.note(chunk, expansion);
      this.reach(chunk, expansion, tally.sum, depth < bounds.depth ? next : null);
      tally.transitions += expansion.transitions;
      tally.done++;
      const { done, transitions, before } = tally;
      const states = this.states.size - before;
      const signatures = this.signatures.size;
      onProgress?.({ depth, done, of: chunks.length, transitions, states, signatures });
      if (this.options.isTimeToKeep?.() === true) await this.keepAs(tally, paths, next);
    }
    const { transitions, before, sum } = tally;
    this.levels.push({ depth, transitions, states: this.states.size - before, hash: sum.text });
    return next.all;
  }

  /** The tally of a level that begins, or that a kept search had begun. */
  private begin(next: PathList, from: KeptSearch | null): LevelTally {
    if (from === null) {
      return { done: 0, transitions: 0, before: this.states.size, sum: new HashSum() };
    }
    const { done, transitions, before, sum } = from;
    next.take(from.next);
    return { done, transitions, before, sum: new HashSum(...sum) };
  }

  private async keepAs(tally: LevelTally, paths: Paths, next: PathList): Promise<void> {
    const { done, transitions, before, sum } = tally;
    await this.options.keep?.({
      levels: this.levels,
      signatures: [...this.signatures.values()],
      symptoms: [...this.symptoms.values()],
      aspects: [...this.aspects.values()],
      differing: this.differing,
      done,
      transitions,
      before,
      sum: sum.words,
      size: this.states.size,
      states: this.states.table,
      paths: paths.letters,
      next: next.all.letters,
    });
  }

  private reach(chunk: Paths, expansion: Expansion, sum: HashSum, next: PathList | null): void {
    const { high, low, parent, letter } = expansion;
    for (let at = 0; at < high.length; at++) {
      const [upper, lower] = [high[at] as number, low[at] as number];
      if (!this.states.add(upper, lower)) continue;
      sum.add(upper, lower);
      next?.push(chunk, parent[at] as number, letter[at] as number);
    }
  }

  private note(chunk: Paths, expansion: Expansion): void {
    this.keep(this.signatures, chunk, expansion.signatures);
    this.keep(this.symptoms, chunk, expansion.symptoms);
    this.keep(this.aspects, chunk, expansion.aspects);
    for (const [aspect, count] of expansion.differing.entries()) {
      this.differing[aspect] = (this.differing[aspect] as number) + count;
    }
  }

  /** Chunks come in order and levels by depth, so the first witness is a shortest one. */
  private keep(witnesses: Map<string, Witness>, chunk: Paths, seen: readonly Seen[]): void {
    const { expander } = this.options;
    for (const { key, parent, letter } of seen) {
      if (witnesses.has(key)) continue;
      const ops = [...expander.opsOf(chunk, parent), expander.op(letter)];
      witnesses.set(key, { key, depth: chunk.length + 1, ops });
    }
  }
}

function chunksOf({ length, letters }: Paths): Paths[] {
  if (length === 0) return [{ length, letters }];
  const chunks: Paths[] = [];
  for (let start = 0; start < letters.length; start += CHUNK * length) {
    chunks.push({ length, letters: letters.subarray(start, start + CHUNK * length) });
  }
  return chunks;
}

/** What a level has come to so far. */
interface LevelTally {
  done: number;
  transitions: number;
  readonly before: number;
  readonly sum: HashSum;
}
