import type { Command } from "commander";
import { commandShape, type Offers } from "../../reports/formats/commands.ts";
import { completionScript, type Shell } from "../../reports/formats/completion.ts";
import { MODELS, NEWEST } from "../models.ts";
import { SCENARIOS } from "../scenarios/index.ts";
import { RACE_SCENARIOS } from "../scenarios/races.ts";
import { readBaseline } from "./baseline.ts";
import { EXIT, type Io } from "./io.ts";
import { TOPIC_NAMES } from "./topics.ts";

/** Prints what teaches a shell the commands and options of `program`, and what they may be given. */
export async function completion(io: Io, program: Command, shell: Shell): Promise<number> {
  const signatures = (await readBaseline()).entries.map(({ signature }) => signature);
  const offers = offersOf([...new Set(signatures)]);
  await io.out(completionScript(shell, commandShape(program, offers)));
  return EXIT.ok;
}

/** What options and arguments take besides files, by how their help calls it. */
function offersOf(signatures: readonly string[]): Offers {
  const models = MODELS.map(({ id }) => id);
  const releases = models.flatMap((id) => /^(?:legacy|modern)@(\d+\.\d+)$/.exec(id)?.[1] ?? []);
  const kernels = releases.map((release) => `kernel:${release}`);
  const scenarios = SCENARIOS.map(({ name }) => `scenario:${name}`);
  const known: Readonly<Record<string, readonly string[]>> = {
    id: [...models, ...Object.keys(NEWEST), ...kernels, "tree:", "file:"],
    live: [...kernels, "tree:"],
    s: signatures,
    signature: signatures,
    release: releases,
    releases,
    traces: [...scenarios, ...signatures],
    races: ["scenarios", ...RACE_SCENARIOS.map(({ name }) => `scenario:${name}`)],
    words: TOPIC_NAMES,
  };
  return (of, command) => {
    if ("flags" in of) {
      const name = of.long === "--live" ? "live" : /<([^>]*)>/.exec(of.flags)?.[1];
      return known[name ?? ""] ?? [];
    }
    if (command === "interleave") return known["races"] ?? [];
    const isNamed = /scenario:NAME/.test(of.description);
    return known[isNamed ? "traces" : command === "help" ? "words" : of.name()] ?? [];
  };
}
