import { wrap } from "../../reports/folded.ts";
import { pad } from "../../reports/paint.ts";
import { type Alike, alike, likeOf, SAYINGS } from "../explain/like.ts";
import type { Scenario } from "../scenarios/build.ts";
import { scenarioFaults } from "../scenarios/check.ts";
import { SCENARIOS } from "../scenarios/index.ts";
import type { Sides } from "../trace/read.ts";
import { UserError } from "../usererror.ts";
import { DEFAULT_AFTER, DEFAULT_BEFORE, withPair } from "./backends.ts";
import { readBaseline } from "./baseline.ts";
import { replayOn } from "./bothsides.ts";
import { EXIT, type Io } from "./io.ts";

export interface ScenariosOptions {
  readonly check?: boolean;
  readonly json?: boolean;
  /** Lines of a kernel's log, or a part of one. */
  readonly like?: string;
}

/** Lists the named scenarios, or runs them all and says which are not as expected. */
export async function scenarios(io: Io, options: ScenariosOptions): Promise<number> {
  if (options.like !== undefined) return scenariosLike(io, options.like, options.json === true);
  const checked = options.check === true;
  const rows = await Promise.all(
    SCENARIOS.map(async (scenario) => ({
      scenario,
      faults: checked ? await faultsOf(scenario) : [],
    })),
  );
  if (options.json === true) {
    const list = rows.map(({ scenario, faults }) => ({ ...scenario, ...(checked && { faults }) }));
    await io.out(`${JSON.stringify(list)}\n`);
  } else await io.out(checked ? checkText(rows) : listText());
  return rows.some(({ faults }) => faults.length > 0) ? EXIT.divergence : EXIT.ok;
}

/** Scenarios and accepted findings by what the kernel says in them; 1 where there is none. */
async function scenariosLike(io: Io, text: string, json: boolean): Promise<number> {
  const like = likeOf(text);
  if (like === null) {
    const known = SAYINGS.map((words) => JSON.stringify(words)).join(", ");
    throw new UserError(`--like ${JSON.stringify(text)}: no line that is known (such as ${known})`);
  }
  const { entries } = await readBaseline();
  const found = alike(like, [
    ...SCENARIOS.map((scenario) => ({
      name: `scenario:${scenario.name}`,
      title: scenario.title,
      sides: sidesOf(scenario),
      trace: scenario.trace,
    })),
    ...entries.map(({ signature, reason, before, after, trace }) => {
      return { name: signature, title: reason, sides: { before, after }, trace };
    }),
  ]);
  await io.out(json ? `${JSON.stringify(found)}\n` : likeText(found, io.columns));
  return found.length === 0 ? EXIT.divergence : EXIT.ok;
}

function likeText(found: readonly Alike[], columns: number): string {
  const [first] = found;
  if (first === undefined)
    return "No scenario and no accepted finding has it (pfndiff explain looks further).\n";
  const blocks = found.map(({ name, title, on }) =>
    [`${name}  (said by ${on.join(", ")})`, ...wrap("    ", title, columns)].join("\n"),
  );
  return `${blocks.join("\n")}\n\nShow one: pfndiff replay ${first.name}\n`;
}

/** The sides that a scenario is about. */
export function sidesOf({ sides }: Scenario): Sides {
  return sides ?? { before: DEFAULT_BEFORE, after: DEFAULT_AFTER };
}

/** In what a scenario is not as expected, a line each. */
export async function faultsOf(scenario: Scenario): Promise<string[]> {
  const shown = await withPair(sidesOf(scenario), (pair) => replayOn(pair, scenario.trace));
  return scenarioFaults(scenario, shown);
}

/** Names in one column, what happens in the next, grouped by where the scenario is known from. */
function listText(): string {
  const width = Math.max(...SCENARIOS.map((scenario) => scenario.name.length)) + 2;
  const lines = SCENARIOS.map(
    (scenario) => `${pad(scenario.name, width)}${scenario.title} (${scenario.ref})`,
  );
  return `${lines.join("\n")}\n\nShow one: pfndiff replay scenario:${SCENARIOS[0]?.name}\n`;
}

function checkText(rows: readonly { scenario: Scenario; faults: string[] }[]): string {
  const failed = rows.filter(({ faults }) => faults.length > 0);
  const lines = failed.flatMap(({ scenario, faults }) => [
    `${scenario.name}: not as expected`,
    ...faults.map((fault) => `  ${fault}`),
  ]);
  lines.push(`${rows.length - failed.length} of ${rows.length} scenarios are as expected.`);
  return `${lines.join("\n")}\n`;
}
