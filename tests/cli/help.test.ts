import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GLOSSARY } from "../../reports/glossary.ts";
import { SYMPTOM_TEXT } from "../../reports/html/words.ts";
import { EXIT_TEXT } from "../../src/cli/io.ts";
import { SYMPTOMS } from "../../src/oracle/severity.ts";
import { SCENARIOS } from "../../src/scenarios/index.ts";
import { OP_KINDS } from "../../src/trace/op.ts";
import { run } from "./run.ts";

/** The text with its lines joined, as it would stand without a limit on columns. */
const unfolded = (text: string) => text.replaceAll(/\s+/g, " ");

describe("pfndiff --help", () => {
  it("shows every command in a group of at most eight, those that are used most first", async () => {
    const { out } = await run(["--help"]);
    const [, list = ""] = /Options:\n[^]*?\n\n([^]*?)\npfndiff compares/.exec(out) ?? [];
    const groups = list.split("\n\n").map((group) => {
      const [heading = "", ...lines] = group.split("\n");
      return [heading, lines.flatMap((line) => /^ {2}([\w-]+)/.exec(line)?.[1] ?? [])] as const;
    });
    expect(groups.map(([heading]) => heading)).toEqual([
      "Look for differences:",
      "Look at one:",
      "Real kernels, and trees:",
      "CI, other programs, help:",
      "Studies of designs and of the oracle:",
    ]);
    for (const [, commands] of groups) {
      expect(commands.length).toBeGreaterThan(0);
      expect(commands.length).toBeLessThanOrEqual(8);
    }
    expect(groups[0]?.[1][0]).toBe("fuzz");
    const offered = (await run(["completion", "bash"])).out.match(/^ *"\/([\w-]+)"\) path/gm);
    expect(groups.flatMap(([, commands]) => commands)).toHaveLength(offered?.length ?? -1);
  });
});

describe("pfndiff help", () => {
  it("explains a command, also one beneath another, as --help does", async () => {
    for (const words of [[], ["fuzz"], ["kernel", "fetch"]]) {
      const asked = await run(["help", ...words]);
      expect(asked).toEqual(await run([...words, "--help"]));
      expect(asked.out).toContain("Usage: pfndiff");
    }
  });

  it("tells every symptom, exit status, word and op by its one description", async () => {
    const told = async (topic: string) => unfolded((await run(["help", topic])).out);
    const symptoms = await told("symptoms");
    for (const name of SYMPTOMS)
      expect(symptoms).toContain(`${name} ${SYMPTOM_TEXT[name].meaning}`);
    const exit = await told("exit");
    for (const [status, text] of Object.entries(EXIT_TEXT))
      expect(exit).toContain(`${status} ${text}`);
    const words = await told("words");
    expect(Object.keys(GLOSSARY)).toHaveLength(10);
    for (const [word, text] of Object.entries(GLOSSARY)) expect(words).toContain(`${word} ${text}`);
    const ops = await run(["help", "ops"]);
    for (const kind of OP_KINDS) expect(ops.out).toMatch(new RegExp(`^  (.*, )?${kind}\\b`, "m"));
    expect(Math.max(...ops.out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("says what there is help for where it has none", async () => {
    const { status, err } = await run(["help", "frogs"]);
    expect(status).toBe(2);
    expect(err).toMatch(/^pfndiff: no help for "frogs" \(a command, or one of: words, .*\)\n$/);
  });

  it("is where README has its exit statuses from", () => {
    const rows = readFileSync("README.md", "utf8").matchAll(/^\| (\d+) +\| (.*?) +\|$/gm);
    expect(Object.fromEntries([...rows].map(([, status, text]) => [status, text]))).toEqual(
      EXIT_TEXT,
    );
  });
});

describe("completion", () => {
  it("offers scenarios, signatures, backends, releases and topics", async () => {
    const { out } = await run(["completion", "fish"]);
    const of = (lines: RegExp) => out.split("\n").find((line) => lines.test(line)) ?? "";
    const replay = of(/seen_subcommand_from replay' -a /);
    for (const { name } of SCENARIOS) expect(replay).toContain(`scenario:${name} `);
    expect(replay).toContain(" fixed:leak:unmap-head ");
    expect(of(/from fuzz' -l before /)).toMatch(/-a 'legacy@6.1 .* variant:.* kernel:6.12 /);
    expect(of(/from gate' -l accept /)).toContain(" fixed:leak:unmap-head ");
    expect(of(/from fetch' -a /)).toMatch(/ 6.12 .* 7.2 /);
    expect(of(/from help' -a /)).toContain("'words symptoms exit ops'");
  });
});
