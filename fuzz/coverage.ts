import { mixed, type ShapedSide } from "../src/engine/shapes.ts";
import { MARKS, type Op } from "../src/trace/op.ts";
import type { Trace } from "../src/trace/trace.ts";

/** What an op does, as far as its numbers do not matter: what they do shows in the shapes. */
function formOf(op: Op): string {
  if (op.op === "mremap") {
    return `mremap ${op.to === undefined ? "here" : "to"} ${Math.sign(op.newPages - op.pages)}`;
  }
  if (op.op !== "madvise") return op.op;
  return `madvise ${op.advice === "dontfork" ? "dontfork" : MARKS.includes(op.advice)}`;
}

/** What is asked for beside that, which decides what comes of it. */
function wishOf(op: Op): string {
  if (op.op === "mmap") return `${op.via} ${op.private}`;
  return op.op === "touch" ? `${op.write}` : "";
}

const HASHES = new Map<string, number>();

/** A number for a word, the same in every process. */
function hashOf(word: string): number {
  const known = HASHES.get(word);
  if (known !== undefined) return known;
  let hash = 1;
  for (const char of word) hash = mixed(hash, char.charCodeAt(0));
  HASHES.set(word, hash);
  return hash;
}

/**
 * What a trace does to two sides, as hashed features: of every op what came of it on both sides,
 * and each shape that it acted on, as the pair of what the sides had there. Small and coarse, so
 * that a trace which shows a feature first does something that no other did.
 */
export class Coverage {
  private readonly shapes: readonly [number[], number[]] = [[], []];

  constructor(
    private readonly before: ShapedSide,
    private readonly after: ShapedSide,
  ) {}

  /** The features of each op of a trace, in order. */
  of({ world, ops }: Pick<Trace, "world" | "ops">): number[][] {
    this.before.reset(world);
    this.after.reset(world);
    return ops.map((op) => this.step(op));
  }

  private step(op: Op): number[] {
    const { before, after } = this;
    const [left, right] = this.shapes;
    left.length = 0;
    right.length = 0;
    before.look(op, left);
    after.look(op, right);
    before.apply(op);
    after.apply(op);
    const form = hashOf(formOf(op));
    const asked = mixed(form, hashOf(wishOf(op)));
    const features = [mixed(mixed(asked, before.effect()), after.effect())];
    for (let at = 0; at < Math.max(left.length, right.length); at++) {
      features.push(mixed(mixed(form, left[at] ?? -1), right[at] ?? -1));
    }
    return features;
  }
}
