import { setImmediate } from "node:timers/promises";
import type { Scope } from "../../fuzz/explore/certificate.ts";
import { Expander, type Expansion, type Paths } from "../../fuzz/explore/expander.ts";
import { MachineSide } from "../engine/machineside.ts";
import type { ModelBackend } from "../model/backend.ts";
import { openModels } from "./backends.ts";
import { underGuards } from "./bothsides.ts";
import { threadFile } from "./files.ts";
import { startThreads } from "./threads.ts";

/** Opens both backends, which must be models, and makes an expander of them. */
export async function openExpander(scope: Scope): Promise<Expander> {
  const { before, after } = await openModels(scope);
  return new GuardedExpander({ before, after }, scope);
}

/** Expands a chunk under the clocks of the models that have one. */
class GuardedExpander extends Expander {
  constructor(
    private readonly models: { readonly before: ModelBackend; readonly after: ModelBackend },
    { bounds, judged }: Scope,
  ) {
    super(bounds, new MachineSide(models.before), new MachineSide(models.after), judged);
  }

  override expand(paths: Paths): Expansion {
    return underGuards(this.models, "an exploration", () => super.expand(paths));
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
export function expandInThreads(scope: Scope, jobs: number): Expanders {
  const file = threadFile("exploreworker");
  const pool = startThreads<Paths, Expansion>(file, scope, jobs, () => undefined);
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
