import { pad } from "../../reports/paint.ts";
import type { Scenario } from "../scenarios/build.ts";
import { scenarioFaults } from "../scenarios/check.ts";
import { SCENARIOS } from "../scenarios/index.ts";
import type { Sides } from "../trace/read.ts";
import { DEFAULT_AFTER, DEFAULT_BEFORE, withPair } from "./backends.ts";
import { replayOn } from "./bothsides.ts";
import { EXIT, type Io } from "./io.ts";

export interface ScenariosOptions {
  readonly check?: boolean;
  readonly json?: boolean;
}

/** Lists the named scenarios, or runs them all and says which are not as expected. */
export async function scenarios(io: Io, options: ScenariosOptions): Promise<number> {
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
