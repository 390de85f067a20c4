import { existsSync } from "node:fs";
import { holdsFor, reasonOf } from "../gate.ts";
import type { ScheduleDocument } from "../races/document.ts";
import { VERDICTS } from "../oracle/severity.ts";
import type { Scenario } from "../scenarios/build.ts";
import { SCENARIOS, scenarioNamed } from "../scenarios/index.ts";
import { RACE_SCENARIOS } from "../scenarios/races.ts";
import { isLink, readLink } from "../trace/link.ts";
import { inOrder, type Race } from "../trace/race.ts";
import type { Sides } from "../trace/read.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { DEFAULT_AFTER, DEFAULT_BEFORE } from "./backends.ts";
import { readBaseline } from "./baseline.ts";
import { onlyRaceIn, onlyTraceIn } from "./files.ts";
import type { Io } from "./io.ts";

/** A trace that a command was given, and what is known of it. */
interface Given {
  readonly trace: Trace;
  /** The backends to compare: asked for, or those it was found with, or the defaults. */
  readonly sides: Sides;
  /** The scenario that it is of. */
  readonly scenario?: Scenario;
  /** Why its finding is accepted, and where upstream says so, for an entry of the baseline. */
  readonly reason?: string;
  readonly ref?: string | undefined;
  /** Two tasks, whose ops the trace has one after the other; of those that were asked for. */
  readonly race?: Race;
  /** How a saved schedule of them ran. */
  readonly recorded?: ScheduleDocument;
}

const SCENARIO = "scenario:";
const SIGNATURE = new RegExp(`^(${VERDICTS.join("|")}):[a-z-]+:`);

/** Whether a name is that of a signature, such as `introduced:leak:exit`. */
export const isSignature = (name: string) => SIGNATURE.test(name);

/** The trace of a file, of `scenario:NAME`, of a link of the sandbox, or of the baseline's entry with that signature. */
export async function givenTrace(
  io: Io,
  name: string,
  asked: { readonly before?: string; readonly after?: string },
  takesRaces = false,
): Promise<Given> {
  const { before = DEFAULT_BEFORE, after = DEFAULT_AFTER } = asked;
  const { sides, ...given } = await lookUp(io, name, { before, after }, takesRaces);
  return {
    ...given,
    sides: {
      before: asked.before ?? sides?.before ?? before,
      after: asked.after ?? sides?.after ?? after,
    },
  };
}

async function lookUp(
  io: Io,
  name: string,
  wanted: Sides,
  takesRaces: boolean,
): Promise<Omit<Given, "sides"> & { readonly sides?: Sides }> {
  const raced = RACE_SCENARIOS.find((one) => takesRaces && name === SCENARIO + one.name);
  if (raced !== undefined) return { trace: inOrder(raced.race, []), race: raced.race };
  if (name.startsWith(SCENARIO)) {
    const scenario = scenarioNamed(name.slice(SCENARIO.length));
    const { trace, sides } = scenario;
    return sides === undefined ? { trace, scenario } : { trace, scenario, sides };
  }
  if (isLink(name)) {
    const read = readLink(name);
    if (!read.ok) throw new UserError(`the link: ${read.fault}`);
    const { trace, before, after } = read.linked;
    return { trace, sides: { before, after } };
  }
  if (!isSignature(name)) {
    const isScenario = SCENARIOS.some((scenario) => scenario.name === name);
    if (isScenario && !existsSync(name)) {
      throw new UserError(`${name}: no such file; the scenario is ${SCENARIO}${name}`);
    }
    if (!takesRaces) return onlyTraceIn(io, name);
    const only = await onlyRaceIn(io, name);
    return "race" in only ? { ...only, trace: inOrder(only.race, []) } : only;
  }
  const entries = (await readBaseline()).entries.filter(({ signature }) => signature === name);
  const entry = entries.find((one) => holdsFor(one, wanted)) ?? entries[0];
  if (entry === undefined) {
    throw new UserError(`${name}: the baseline has no such signature (reports/baseline.json)`);
  }
  const { trace, before, after, ref } = entry;
  return { trace: { ...trace, name }, sides: { before, after }, reason: reasonOf(entry), ref };
}
