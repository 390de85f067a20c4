import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { error, notice } from "@actions/core";
import Ajv from "ajv-draft-04";
import { Parser } from "tap-parser";
import { describe, expect, it, vi } from "vitest";
import { validateXML } from "xmllint-wasm";
import {
  githubAnnotations,
  githubSummary,
  MAX_ANNOTATIONS,
  MAX_SUMMARY_BYTES,
} from "../../../reports/formats/github.ts";
import { JUNIT_MAX_CASE_BYTES, junit } from "../../../reports/formats/junit.ts";
import { KTAP_MAX_LINE, ktap } from "../../../reports/formats/ktap.ts";
import { type JudgedReport, judgedReport, sightingText } from "../../../reports/formats/report.ts";
import { SARIF_MAX_RESULTS, sarif, signatureLines } from "../../../reports/formats/sarif.ts";
import {
  BASELINE,
  CHANGED,
  CLEAN,
  campaign,
  crowd,
  finding,
  KNOWN,
  MIXED,
  NASTY,
  NEW,
  VANISHED,
} from "./sample.ts";

const require = createRequire(import.meta.url);
const missedGoals: JudgedReport = {
  ...CLEAN,
  passed: false,
  campaign: { ...campaign([]), goalsMissed: ["splits-tracked"] as never },
};

describe("a judged report", () => {
  it("lists what fails first and keeps entries that the campaign did not meet", () => {
    expect(MIXED.signatures.map(({ signature, standing }) => [signature, standing])).toEqual([
      [NEW, "new"],
      [CHANGED, "changed"],
      [VANISHED, "vanished"],
      [KNOWN, "known"],
    ]);
    expect([MIXED.passed, CLEAN.passed]).toEqual([false, true]);
  });
});

describe("JUnit XML", () => {
  const xsd = readFileSync(new URL("../../data/junit-4.xsd", import.meta.url), "utf8");
  const faults = async (xml: string) => {
    const files = [{ fileName: "junit.xml", contents: xml }];
    return (await validateXML({ xml: files, schema: [xsd] })).errors;
  };

  it.each([
    ["mixed", MIXED],
    ["clean", CLEAN],
    ["missed goals", missedGoals],
  ] as const)("is valid by the schema that Jenkins reads it with: %s", async (_, report) =>
    expect(await faults(junit(report))).toEqual([]),
  );

  it("fails a case for each signature that the gate fails on", () => {
    const failing = [...junit(MIXED).matchAll(/name="([^"]*)">\n\s*<failure/g)].map(([, n]) => n);
    expect(failing).toEqual([NEW, CHANGED, VANISHED]);
    expect(junit(MIXED)).toContain(`tests="5" failures="3"`);
    expect(junit(missedGoals)).toContain(`failures="1"`);
    expect(junit(CLEAN)).not.toContain("<failure");
  });

  it("stays below what GitLab takes and says how much it cut", () => {
    const text = junit(crowd(4_000, "x".repeat(5_000)));
    expect(Buffer.byteLength(text)).toBeLessThan(30_000_000);
    expect(Buffer.byteLength(text)).toBeGreaterThan(JUNIT_MAX_CASE_BYTES - 20_000);
    const cases = text.match(/<testcase /g)?.length ?? 0;
    expect(text).toContain(`${4_001 - cases} more findings are left out.`);
  });
});

describe("SARIF", () => {
  const schema = require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json") as object;
  const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(
    schema,
  );
  const options = { version: "0.1.0", file: "reports/baseline.json" };
  const parse = (report: JudgedReport) => JSON.parse(sarif(report, options));

  it.each([
    ["mixed", MIXED],
    ["clean", CLEAN],
    ["missed goals", missedGoals],
  ] as const)("is valid by the published schema: %s", (_, report) => {
    validate(parse(report));
    expect(validate.errors).toBeNull();
  });

  it("is refused by that schema when a result has no message", () => {
    const log = parse(MIXED);
    delete log.runs[0].results[0].message;
    expect(validate(log)).toBe(false);
  });

  it("has a fingerprint of the signature alone, and a rule for every result", () => {
    const [run] = parse(MIXED).runs;
    const [again] = parse(crowd(1, "another detail")).runs;
    const [other] = parse(crowd(1)).runs;
    expect(again.results[0].partialFingerprints).toEqual(other.results[0].partialFingerprints);
    const prints = run.results.map((one: { partialFingerprints: object }) =>
      JSON.stringify(one.partialFingerprints),
    );
    expect(new Set(prints).size).toBe(run.results.length);
    for (const one of run.results) {
      expect(run.tool.driver.rules[one.ruleIndex].id).toBe(one.ruleId);
    }
  });

  it("pins a result to the line of the baseline that names it, and tells the steps of its trace", () => {
    const lines = signatureLines(JSON.stringify(BASELINE, null, 2));
    const { results } = JSON.parse(sarif(MIXED, { ...options, lines })).runs[0];
    const text = JSON.stringify(BASELINE, null, 2).split("\n");
    const known = results.find((one: { message: { text: string } }) =>
      one.message.text.startsWith(KNOWN),
    );
    const { startLine } = known.locations[0].physicalLocation.region;
    expect(text[startLine - 1]).toContain(`"signature": "${KNOWN}"`);
    expect(known.codeFlows[0].threadFlows[0].locations[0].location.message.text).toBe(
      "0: spawn p0",
    );
    expect(known.partialFingerprints.primaryLocationLineHash).toMatch(/^[0-9a-f]{16}:1$/);
  });

  it("suppresses what the baseline accepts, with its reason", () => {
    const suppressed = parse(MIXED).runs[0].results.filter(
      (one: { suppressions?: unknown }) => one.suppressions !== undefined,
    );
    expect(suppressed).toHaveLength(1);
    expect(suppressed[0].suppressions[0].justification).toContain("because of");
  });

  it("has no more results than code scanning shows and says how many it left out", () => {
    const [run] = parse(crowd(SARIF_MAX_RESULTS + 3)).runs;
    expect(run.results).toHaveLength(SARIF_MAX_RESULTS);
    expect(JSON.stringify(run.invocations)).toContain("3 more findings are left out.");
  });
});

describe("KTAP", () => {
  /** The lines of one nesting level, as far as they are TAP. */
  const level = (text: string, indent: string) =>
    text
      .split("\n")
      .filter((line) => line.startsWith(indent) && !line.startsWith(`${indent} `))
      .map((line) => line.slice(indent.length))
      .filter((line) => line !== "KTAP version 1");

  it("is TAP at its outer level: a plan, and a result for the goals and each signature", () => {
    const parsed = Parser.parse(level(ktap(MIXED), "").join("\n"));
    const results = parsed.flatMap((event) => (event[0] === "assert" ? [event[1]] : []));
    expect(results.map(({ ok, id, name }) => [ok, id, name])).toEqual([
      [true, 1, "campaign reaches its goals"],
      [false, 2, NEW],
      [false, 3, CHANGED],
      [false, 4, VANISHED],
      [true, 5, KNOWN],
    ]);
    expect(parsed.find(([kind]) => kind === "plan")).toBeDefined();
    expect(parsed.find(([kind]) => kind === "complete")?.[1]).toMatchObject({
      failures: [{}, {}, {}],
    });
  });

  it("nests three subtests before each signature, of which one fails where the gate fails", () => {
    const blocks = ktap(MIXED)
      .split(/^(?:not )?ok .*\n/m)
      .slice(1, 5);
    const failures = blocks.map((block) => {
      const parsed = Parser.parse(level(block, "  ").join("\n"));
      const complete = parsed.find(([kind]) => kind === "complete")?.[1];
      expect(complete).toMatchObject({ count: 3, bailout: false });
      return parsed.flatMap((e) => (e[0] === "assert" && !e[1].ok ? [e[1].name] : []));
    });
    expect(failures).toEqual([
      ["is accepted by the baseline"],
      ["keeps its verdict"],
      ["still shows"],
      [],
    ]);
  });

  it("has a version line on every level, and no line that a console would break up", () => {
    const text = ktap(crowd(2, "y".repeat(5_000)));
    expect(text.match(/^ *KTAP version 1$/gm)).toHaveLength(3);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBe(KTAP_MAX_LINE);
    expect(text).toContain("yyy...\n");
  });
});

describe("GitHub annotations", () => {
  /** What GitHub's own library prints. */
  const printed = (print: () => void): string => {
    let text = "";
    const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    try {
      print();
    } finally {
      write.mockRestore();
    }
    return text;
  };

  it("are escaped as GitHub's own library escapes them", () => {
    const line = githubAnnotations(MIXED, "a,b:c%.json").split("\n")[0] ?? "";
    const message = `new: ${NASTY}\nIn 3 runs, first run 17; step 2, before: ${NASTY}`;
    const properties = { title: `pfndiff: new ${NEW}`, file: "a,b:c%.json" };
    expect(`${line}\n`).toBe(printed(() => error(message, properties)));
  });

  it("are one notice when nothing fails", () => {
    const said = "legacy@6.12 against modern@7.2, 3,000 runs: the one finding is expected";
    expect(githubAnnotations(CLEAN, "f")).toBe(printed(() => notice(said, { title: "pfndiff" })));
  });

  it("count what the campaign met, and apart what is accepted and was not met", () => {
    const said = (findings: readonly string[]) =>
      githubAnnotations(
        judgedReport(campaign(findings.map((name) => finding(name))), BASELINE),
        "f",
      );
    expect(said([KNOWN, CHANGED])).toContain("all 2 findings expected; 1 more accepted, not met");
    expect(said([])).toContain("3,000 runs: no finding; 3 more accepted, not met");
    const some = { ...finding(KNOWN), count: 1200, firstRun: 1500 };
    const [seen] = judgedReport(campaign([some]), { ...BASELINE, entries: [] }).signatures;
    expect(sightingText(seen ?? expect.fail())).toContain("In 1,200 runs, first run 1,500;");
  });

  it("are never more than nine, and the ninth says how many more there are", () => {
    const count = (size: number) => githubAnnotations(crowd(size), "f").trimEnd().split("\n");
    expect(count(9)).toHaveLength(9);
    expect(count(9).join("")).not.toContain("more");
    expect(count(40)).toHaveLength(MAX_ANNOTATIONS);
    expect(count(40)[8]).toContain("32 more");
  });
});

describe("a GitHub step summary", () => {
  it("is a table with a row for each signature, whatever their texts hold", () => {
    const rows = githubSummary(MIXED)
      .split("\n")
      .filter((line) => line.startsWith("| "));
    expect(rows).toHaveLength(MIXED.signatures.length + 1);
    for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(5);
    expect(githubSummary(MIXED)).not.toMatch(/<b>|[^\\]`line/);
  });

  it("fits into 1 MiB of UTF-8 and says how many findings it left out", () => {
    const text = githubSummary(crowd(3_000, "\u{1f600}".repeat(200)));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_SUMMARY_BYTES);
    expect(Buffer.byteLength(text)).toBeGreaterThan(MAX_SUMMARY_BYTES - 2_000);
    const rows = text.split("\n").filter((line) => line.startsWith("| **new**")).length;
    expect(text).toContain(`\n${3_000 - rows} more findings do not fit`);
  });
});
