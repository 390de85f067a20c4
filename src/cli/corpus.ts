import { Coverage } from "../../fuzz/coverage.ts";
import { nextTurn } from "../../fuzz/executor.ts";
import { Growth } from "../../fuzz/growth.ts";
import { loadCorpus, saveCorpus } from "../results/tracefolder.ts";
import { ShapedModel } from "../engine/shapedside.ts";
import { UserError } from "../usererror.ts";
import { isModel, openPair } from "./backends.ts";
import type { FuzzOptions } from "./fuzz.ts";
import { EXIT, type Io } from "./io.ts";
import { LiveLine } from "./progress.ts";

export interface CorpusOptions extends Pick<FuzzOptions, "before" | "after" | "seed" | "json"> {
  readonly runs: number;
}

const SHOW_EVERY = 64;

/** Grows a folder of small traces, each of which does something to the two models that no other did. */
export async function corpus(io: Io, dir: string, options: CorpusOptions): Promise<number> {
  const { before, after } = await openPair(options);
  if (!isModel(before) || !isModel(after)) {
    throw new UserError("corpus: both backends must be models; no kernel shows its contexts");
  }
  const coverage = new Coverage(new ShapedModel(before), new ShapedModel(after));
  const growth = new Growth(coverage, options.seed, await loadCorpus(dir));
  const line = new LiveLine(io);
  let runs = 0;
  for (; runs < options.runs && !io.interrupted.aborted; runs++) {
    growth.learn(growth.draw(runs));
    if (runs % SHOW_EVERY !== 0) continue;
    line.show(() => `${runs} of ${options.runs} runs, ${growth.features} features`);
    await nextTurn();
  }
  line.clear();
  const added = await saveCorpus(dir, growth.traces);
  const result = { runs, traces: growth.traces.length, added, features: growth.features };
  await io.out(options.json === true ? `${JSON.stringify(result)}\n` : text(dir, result));
  return io.interrupted.aborted ? EXIT.interrupted : EXIT.ok;
}

interface Grown {
  readonly runs: number;
  readonly traces: number;
  readonly added: number;
  readonly features: number;
}

function text(dir: string, { runs, traces, added, features }: Grown): string {
  return `${dir}: ${traces} traces, ${added} of them new, show ${features} features (${runs} runs)\n`;
}
