import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { faultedTraceOfRun, idiomTraceOfRun } from "../../fuzz/sources.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { openModel } from "../../src/cli/backends.ts";
import { UsersFolder } from "../designs/usersfolder.ts";
import { HISTORIC_RELEASES } from "../../legacy/historic.ts";
import { LEGACY_PROFILES } from "../../legacy/profiles.ts";
import { MODERN_PROFILES } from "../../modern/profiles.ts";

const TEXT = readFileSync("docs/DESIGNS.md", "utf8");
const rows = TEXT.split("\n").filter((line) => line.startsWith("| `"));
const firstCells = rows.map((row) => row.split("|")[1]?.trim());
const span = (design: string, releases: readonly string[]) =>
  `\`${design}@${releases[0]}\` ... \`@${releases.at(-1)}\``;

describe("docs/DESIGNS.md", () => {
  it("names the releases of both designs, from the first to the last", () => {
    const legacy = Object.keys(LEGACY_PROFILES).map((release) => `\`legacy@${release}\``);
    expect(firstCells).toContain(legacy.join(", "));
    expect(firstCells).toContain(span("legacy", HISTORIC_RELEASES));
    expect(firstCells).toContain(span("modern", Object.keys(MODERN_PROFILES)));
  });

  it("has the hooks that the worked example has, in a row each", () => {
    const source = readFileSync("docs/examples/forgetful.js", "utf8");
    const methods = [...source.matchAll(/^ {2}(\w+)\(.*\) \{/gm)].map(([, name]) => name);
    const hooks = firstCells.flatMap((cell) => /^`(\w+)\(/.exec(cell ?? "")?.[1] ?? []);
    expect(hooks).toEqual(methods.filter((name) => name !== "constructor"));
  });

  const user = new UsersFolder();
  afterAll(() => user.remove());

  it("shows a VM_PAT design that does what legacy@6.12 does, step by step", async () => {
    const example = await openModel(`file:${user.path}/vm-pat.js`);
    const shipped = await openModel("legacy@6.12");
    let [failed, invalid, warned] = [0, 0, 0];
    for (const draw of [traceOfRun, faultedTraceOfRun, idiomTraceOfRun]) {
      for (let run = 0; run < 130; run++) {
        const trace = draw(14, run);
        const { steps } = shipped.recordSync(trace);
        expect(example.recordSync(trace).steps).toEqual(steps);
        failed += steps.filter((step) => step.failed !== undefined).length;
        invalid += steps.filter(({ events }) =>
          events.some(({ kind }) => kind === "invalid-free"),
        ).length;
        warned += steps.filter(({ events }) => events.some(({ kind }) => kind === "warn")).length;
      }
    }
    // What was drawn reaches the paths that an example could have got wrong.
    for (const reached of [failed, invalid, warned]) expect(reached).toBeGreaterThan(10);
  });
});
