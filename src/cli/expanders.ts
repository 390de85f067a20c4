import { setImmediate } from "node:timers/promises";
import type { Scope } from "../../fuzz/explore/certificate.ts";
import { Expander, type Expansion, type Paths } from "../../fuzz/explore/expander.ts";
import { MachineSide } from "../engine/machineside.ts";
import type { Backend } from "../backend.ts";
import type { ExploredSide } from "../engine/exploredside.ts";
import { ExploredTree } from "../engine/exploredtree.ts";
import { UserError } from "../usererror.ts";
import { isModel, isTree, type Pair } from "./backends.ts";
import { underGuards } from "./bothsides.ts";
import { threadFile } from "./files.ts";
import { startThreads } from "./threads.ts";

/** What a thread of an exploration is told when it starts. */
export interface ExploreSetup {
  readonly scope: Scope;
  /** Programs of trees, by id. */
  readonly programs: Readonly<Record<string, string>>;
}

/** An expander of two backends, which are models or trees. */
export const expanderOf = (pair: Pair, scope: Scope): Expander => new GuardedExpander(pair, scope);

/** A side that can be looked through; a kernel in a guest and a file cannot. */
function exploredSide(backend: Backend): ExploredSide {
  if (isModel(backend)) return new MachineSide(backend);
  if (isTree(backend)) return new ExploredTree(backend);
  throw new UserError(`${backend.id} cannot be explored: only models and trees (tree:PATH) can`);
}

/** Expands a chunk under the clocks of the models that have one. */
class GuardedExpander extends Expander {
  constructor(
    private readonly sides: Pair,
    { bounds, judged }: Scope,
  ) {
    const [before, after] = [sides.before, sides.after];
    const tree = [before, after].find(isTree);
    if (tree !== undefined && (bounds.with ?? []).length > 0) {
      // It does not show the order in which VMAs were linked, and knows only some of the ops.
      throw new UserError(`${tree.id}: --with needs models on both sides`);
    }
    super(bounds, exploredSide(before), exploredSide(after), judged);
  }

  override expand(paths: Paths): Expansion {
    return underGuards(this.sides, "an exploration", () => super.expand(paths));
  }
}

/** Something that expands chunks of states. */
export interface Expanders {
  /** Chunks worth having under way at once. */
  readonly ahead: number;
  expand(paths: Paths): Promise<Expansion>;
  close(): Promise<void>;
}

/** Expands in this thread, and lets an interrupt in between two chunks. */
export function expandHere(expander: Expander): Expanders {
  return {
    ahead: 1,
    async expand(paths) {
      await setImmediate();
      return expander.expand(paths);
    },
    close: async () => undefined,
  };
}

/** Expands in `jobs` worker threads. A task that ends its thread fails the exploration. */
export function expandInThreads(setup: ExploreSetup, jobs: number): Expanders {
  const file = threadFile("exploreworker");
  const pool = startThreads<Paths, Expansion>(file, setup, jobs, () => undefined);
  return {
    ahead: jobs * 4,
    expand: ({ length, letters }) => {
      // A part of a typed array would be sent with all of its buffer.
      const own = letters.slice();
      return pool.run({ length, letters: own }, { transferList: [own.buffer] });
    },
    close: () => pool.destroy(),
  };
}
