import { UserError } from "../../src/usererror.ts";
import type { Side, Symptom } from "../../src/oracle/finding.ts";
import { isBetweenSides, judgeFindings } from "../../src/oracle/verdict.ts";
import type { Op } from "../../src/trace/op.ts";
import { type World } from "../../src/trace/trace.ts";
import { isTried, type Letter } from "./alphabet.ts";
import { type Bounds, firstOps, worldOf } from "./bounds.ts";
import type { ExploredSide } from "../../src/engine/exploredside.ts";
import { asksAlike, lettersOf } from "./groups.ts";
import { ASPECTS, ExploredPair } from "./pair.ts";
import { StateSet } from "./stateset.ts";

/** States of one level by the letters that lead to them, `length` letters each. */
export interface Paths {
  readonly length: number;
  readonly letters: Uint16Array<ArrayBuffer>;
}

/** Something that showed after the transition `letter` from the chunk's state `parent`. */
export interface Seen {
  readonly key: string;
  readonly parent: number;
  readonly letter: number;
}

/** What came of expanding a chunk of states. */
export interface Expansion {
  readonly transitions: number;
  /** States reached, each once for this chunk, in order of parent and letter. */
  readonly high: Uint32Array<ArrayBuffer>;
  readonly low: Uint32Array<ArrayBuffer>;
  readonly parent: Uint32Array<ArrayBuffer>;
  readonly letter: Uint16Array<ArrayBuffer>;
  /** First transition of this chunk for each signature. */
  readonly signatures: readonly Seen[];
  /** ... for each `side:symptom`. */
  readonly symptoms: readonly Seen[];
  /** ... for each aspect in which the sides showed different things, and how often each did. */
  readonly aspects: readonly Seen[];
  readonly differing: readonly number[];
}

/** The key of a symptom on a side. */
export function symptomKey(side: Side, symptom: Symptom): string {
  return `${side}:${symptom}`;
}

/** Letters are named by 16 bits. */
const MOST_LETTERS = 2 ** 16;

/** The most states that one chunk can reach stay far below this many bytes. */
const CHUNK_BYTES = 2 ** 31;

/** Expands states: performs every op that applies to them, and says what shows and what is reached. */
export class Expander {
  private readonly pair: ExploredPair;
  private readonly bounds: Bounds;
  private readonly world: World;
  private readonly first: readonly Op[];
  private readonly letters: readonly Letter[];
  private readonly applicable: number[] = [];

  constructor(
    bounds: Bounds,
    before: ExploredSide,
    after: ExploredSide,
    judged = true,
    letters: readonly Letter[] = lettersOf(bounds),
  ) {
    this.bounds = bounds;
    this.world = worldOf(bounds);
    this.first = firstOps(bounds);
    this.letters = letters;
    this.pair = new ExploredPair(before, after, judged);
    const { hash } = this.pair;
    hash.tellsOrder = bounds.with?.includes("revoke") === true;
    // Names of modes share words with numbers of pages, of which a beginning may have many.
    hash.modesAreAlike =
      bounds.begin === undefined && this.letters.every(({ op }) => asksAlike(op));
    if (this.letters.length > MOST_LETTERS) {
      throw new UserError(
        `the alphabet has ${this.letters.length} letters, and a path can name ${MOST_LETTERS} (lower the bounds, or begin with less)`,
      );
    }
  }

  /** The hash of the state that a path leads to, as [high, low], and whether the sides have parted. */
  stateOf(paths: Paths, parent: number): [high: number, low: number, haveParted: boolean] {
    this.go(paths, parent);
    this.pair.rehash();
    return [this.pair.high, this.pair.low, this.pair.oracle.haveParted];
  }

  /** The ops of a path, those that every sequence begins with included. */
  opsOf({ length, letters }: Paths, parent: number): Op[] {
    const path = letters.subarray(parent * length, (parent + 1) * length);
    return [...this.first, ...Array.from(path, (letter) => this.op(letter))];
  }

  op(letter: number): Op {
    return (this.letters[letter] as Letter).op;
  }

  expand(paths: Paths): Expansion {
    const { pair } = this;
    const sink = new ExpansionSink();
    const count = paths.length === 0 ? 1 : paths.letters.length / paths.length;
    for (let parent = 0; parent < count; parent++) {
      this.go(paths, parent);
      this.findApplicable();
      const back = pair.keep();
      pair.rehash();
      const { high, low } = pair;
      let isThere = true;
      for (let at = 0; at < this.applicable.length; at++) {
        const letter = this.applicable[at] as number;
        if (!isThere && back !== null) back();
        else if (!isThere) this.go(paths, parent);
        pair.apply(this.op(letter));
        pair.rehash();
        sink.add(pair, parent, letter);
        // An op that both sides refused, to no effect that anything later can tell, leaves the state where it was.
        isThere = pair.isRefused && pair.high === high && pair.low === low;
      }
    }
    return sink.finish();
  }

  private go({ length, letters }: Paths, parent: number): void {
    this.pair.reset(this.world);
    for (const op of this.first) this.pair.apply(op);
    for (let at = parent * length; at < (parent + 1) * length; at++) {
      this.pair.apply(this.op(letters[at] as number));
    }
  }

  private findApplicable(): void {
    const { pair } = this;
    const { alive, born, before, after } = pair;
    const scene = { procs: this.bounds.procs, alive, born, sides: [before, after] };
    this.applicable.length = 0;
    for (let letter = 0; letter < this.letters.length; letter++) {
      if (isTried(this.letters[letter] as Letter, scene)) this.applicable.push(letter);
    }
  }
}

/** Gathers what the transitions of a chunk showed. */
class ExpansionSink {
  private readonly reached = new StateSet(CHUNK_BYTES);
  private readonly high: number[] = [];
  private readonly low: number[] = [];
  private readonly parent: number[] = [];
  private readonly letter: number[] = [];
  private readonly signatures = new Map<string, Seen>();
  private readonly symptoms = new Map<string, Seen>();
  private readonly aspects = new Map<string, Seen>();
  private readonly differing = ASPECTS.map(() => 0);
  private transitions = 0;

  add(pair: ExploredPair, parent: number, letter: number): void {
    this.transitions++;
    const { high, low } = pair;
    if (this.reached.add(high, low)) {
      this.high.push(high);
      this.low.push(low);
      this.parent.push(parent);
      this.letter.push(letter);
    }
    if (pair.hasNews) this.addFindings(pair, parent, letter);
    const differences = pair.differences();
    if (differences === 0) return;
    ASPECTS.forEach((key, aspect) => {
      if ((differences & (1 << aspect)) === 0) return;
      this.differing[aspect] = (this.differing[aspect] as number) + 1;
      note(this.aspects, { key, parent, letter });
    });
  }

  finish(): Expansion {
    return {
      transitions: this.transitions,
      high: Uint32Array.from(this.high),
      low: Uint32Array.from(this.low),
      parent: Uint32Array.from(this.parent),
      letter: Uint16Array.from(this.letter),
      signatures: [...this.signatures.values()],
      symptoms: [...this.symptoms.values()],
      aspects: [...this.aspects.values()],
      differing: this.differing,
    };
  }

  private addFindings({ oracle }: ExploredPair, parent: number, letter: number): void {
    const { before, after } = oracle;
    for (const finding of judgeFindings(before.findings, after.findings)) {
      if (finding.step !== before.step) continue;
      if (!finding.parted) {
        note(this.signatures, { key: finding.signature, parent, letter });
      }
      // Once the sides have parted they are not compared, so that says nothing of either.
      if (finding.parted && isBetweenSides(finding)) continue;
      note(this.symptoms, { key: symptomKey(finding.side, finding.symptom), parent, letter });
    }
  }
}

function note(map: Map<string, Seen>, seen: Seen): void {
  if (!map.has(seen.key)) map.set(seen.key, seen);
}
