import type { Op } from "../../src/trace/op.ts";
import type { Bounds } from "./bounds.ts";
import type { Expander, Expansion, Paths, Seen } from "./expander.ts";
import { HashSum } from "./hashsum.ts";
import { ASPECTS } from "./pair.ts";
import { type KeptPaths, PathList } from "./pathlist.ts";
import type { Spill } from "./spill.ts";
import { type KeptStates, States } from "./states.ts";

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
  /** Of the level that is being searched: chunks done, transitions, new states, and the sum of their hashes. */
  readonly done: number;
  readonly transitions: number;
  readonly found: number;
  readonly sum: readonly [high: number, low: number];
  readonly states: KeptStates;
  /** The level's states, and those found of the next, by the letters that lead to them. */
  readonly paths: KeptPaths;
  readonly next: KeptPaths;
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
  /** Bytes that the set of states and the lists of paths may use together; the rest goes to `spill`. */
  readonly memory: number;
  readonly spill: Spill;
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
  private readonly states: States;
  private readonly levels: Level[] = [];
  private readonly signatures = new Map<string, Witness>();
  private readonly symptoms = new Map<string, Witness>();
  private readonly aspects = new Map<string, Witness>();
  private readonly differing = ASPECTS.map(() => 0);

  constructor(private readonly options: SearchOptions) {
    this.states = new States((options.memory * 3) / 8, options.spill);
  }

  async run(): Promise<SearchResult> {
    const { bounds, expander, kept, levels = bounds.depth } = this.options;
    const depth = Math.min(levels, bounds.depth);
    const [high, low, beganParted] = expander.stateOf(NO_PATHS, 0);
    let paths = this.listOf(kept === undefined ? 0 : kept.levels.length);
    let from = kept ?? null;
    if (from === null) {
      this.states.add(high, low);
      this.states.settle(new HashSum(), false);
    } else this.takeOver(from, paths);
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

  private takeOver(kept: KeptSearch, list: PathList): void {
    const { levels, states, paths, differing, ...found } = kept;
    this.states.take(states);
    list.take(paths);
    this.levels.push(...levels);
    for (const name of ["signatures", "symptoms", "aspects"] as const) {
      for (const witness of found[name]) this[name].set(witness.key, witness);
    }
    for (const [aspect, count] of differing.entries()) this.differing[aspect] = count;
  }

  private listOf(length: number): PathList {
    return new PathList(length, this.options.memory / 8, this.options.spill);
  }

  /** Expands one level, or what a kept search has left of it, and returns the states it reached; null when interrupted. */
  private async level(paths: PathList, from: KeptSearch | null): Promise<PathList | null> {
    const { ahead, expand, signal, onProgress } = this.options;
    const depth = paths.length + 1;
    const next = this.listOf(depth);
    const chunks = Math.ceil(paths.count / CHUNK);
    const tally = begin(next, from);
    const pending: Asked[] = [];
    let asked = tally.done;
    while (tally.done < chunks) {
      while (asked < chunks && asked < tally.done + ahead) {
        const chunk = paths.slice(asked++ * CHUNK, CHUNK);
        const promise = expand(chunk);
        // A rejection is met below, in the chunk's turn.
        promise.catch(() => undefined);
        pending.push({ chunk, promise });
      }
      const { chunk, promise } = pending.shift() as Asked;
      const expansion = await promise;
      if (signal?.aborted === true) {
        await this.keepAs(tally, paths, next);
        return null;
      }
      this.note(chunk, expansion);
      this.reach(chunk, expansion, tally, next);
      tally.transitions += expansion.transitions;
      tally.done++;
      const { done, transitions, sum } = tally;
      const states = sum.count + this.states.unsettled;
      const signatures = this.signatures.size;
      onProgress?.({ depth, done, of: chunks, transitions, states, signatures });
      if (this.options.isTimeToKeep?.() === true) await this.keepAs(tally, paths, next);
    }
    const { transitions, sum } = tally;
    this.settle(sum, next, false);
    this.levels.push({ depth, transitions, states: sum.count, hash: sum.text });
    return next;
  }

  /** Decides what of the level is new so far. `mustEmpty`: and brings it to the disk. */
  private settle(sum: HashSum, next: PathList, mustEmpty: boolean): void {
    const stays = this.states.settle(sum, mustEmpty);
    if (this.goesOnFrom(next)) next.settle(stays, mustEmpty);
  }

  /** Whether the paths of a level are needed: those of the last one are not. */
  private goesOnFrom({ length }: PathList): boolean {
    return length < this.options.bounds.depth;
  }

  private async keepAs(tally: LevelTally, paths: PathList, next: PathList): Promise<void> {
    const { done, transitions, sum } = tally;
    this.settle(sum, next, false);
    await this.options.keep?.({
      levels: this.levels,
      signatures: [...this.signatures.values()],
      symptoms: [...this.symptoms.values()],
      aspects: [...this.aspects.values()],
      differing: this.differing,
      done,
      transitions,
      found: sum.count,
      sum: sum.words,
      states: this.states.kept,
      paths: paths.kept,
      next: next.kept,
    });
  }

  private reach(chunk: Paths, expansion: Expansion, { sum }: LevelTally, next: PathList): void {
    const { high, low, parent, letter } = expansion;
    const goesOn = this.goesOnFrom(next);
    for (let at = 0; at < high.length; at++) {
      if (!this.states.hasRoom || !next.hasRoom) this.settle(sum, next, true);
      if (!this.states.add(high[at] as number, low[at] as number)) continue;
      if (goesOn) next.push(chunk, parent[at] as number, letter[at] as number);
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

const NO_PATHS: Paths = { length: 0, letters: new Uint16Array(0) };

/** A chunk that is being expanded. */
interface Asked {
  readonly chunk: Paths;
  readonly promise: Promise<Expansion>;
}

/** The tally of a level that begins, or that a kept search had begun. */
function begin(next: PathList, from: KeptSearch | null): LevelTally {
  if (from === null) return { done: 0, transitions: 0, sum: new HashSum() };
  const { done, transitions, found, sum } = from;
  next.take(from.next);
  return { done, transitions, sum: new HashSum(...sum, found) };
}

/** What a level has come to so far. */
interface LevelTally {
  done: number;
  transitions: number;
  /** Of the states that are known to be new. */
  readonly sum: HashSum;
}
