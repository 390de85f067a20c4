import type { Op } from "../../src/trace/op.ts";
import type { Bounds } from "./bounds.ts";
import type { Expander, Expansion, Paths, Seen } from "./expander.ts";
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
    const { bounds, expander, levels = bounds.depth } = this.options;
    const depth = Math.min(levels, bounds.depth);
    let paths: Paths = { length: 0, letters: new Uint16Array(0) };
    const [high, low, beganParted] = expander.stateOf(paths, 0);
    this.states.add(high, low);
    while (this.levels.length < depth) {
      const next = await this.level(paths);
      if (next === null) break;
      paths = next;
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

  /** Expands one level and returns the states it reached; null when interrupted. */
  private async level(paths: Paths): Promise<Paths | null> {
    const { bounds, ahead, expand, signal, onProgress, memory } = this.options;
    const depth = paths.length + 1;
    const next = new PathList(depth, memory / 4);
    const sum = new HashSum();
    const before = this.states.size;
    const chunks = chunksOf(paths);
    const pending: Promise<Expansion>[] = [];
    let [asked, transitions] = [0, 0];
    for (let done = 0; done < chunks.length; done++) {
      while (asked < chunks.length && asked < done + ahead) {
        const promise = expand(chunks[asked++] as Paths);
        // A rejection is met below, in the chunk's turn.
        promise.catch(() => undefined);
        pending.push(promise);
      }
      const chunk = chunks[done] as Paths;
      const expansion = await (pending.shift() as Promise<Expansion>);
      if (signal?.aborted === true) return null;
      this.note(chunk, expansion);
      this.reach(chunk, expansion, sum, depth < bounds.depth ? next : null);
      transitions += expansion.transitions;
      const states = this.states.size - before;
      const signatures = this.signatures.size;
      onProgress?.({ depth, done: done + 1, of: chunks.length, transitions, states, signatures });
    }
    this.levels.push({ depth, transitions, states: this.states.size - before, hash: sum.text });
    return next.all;
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

const WORD = 2 ** 32;

/** A sum of 64-bit hashes, modulo 2^64. */
class HashSum {
  private high = 0;
  private low = 0;

  add(high: number, low: number): void {
    const sum = this.low + low;
    this.low = sum % WORD;
    this.high = (this.high + high + (sum >= WORD ? 1 : 0)) % WORD;
  }

  get text(): string {
    return [this.high, this.low].map((word) => word.toString(16).padStart(8, "0")).join("");
  }
}
