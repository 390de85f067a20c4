import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withShownModes } from "../../src/compare.ts";
import { type Recording, recordingSchema } from "../../src/trace/recording.ts";
import { readRecordings } from "../recordings.ts";
import { run } from "./run.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-record-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const real = readRecordings("linux-6.12.117.jsonl.gz").slice(0, 3);
const lines = (records: readonly object[]) => records.map((r) => `${JSON.stringify(r)}\n`).join("");

describe("record", () => {
  it("gives a kernel's steps and order of fields back, for recordings and traces alike", async () => {
    const fromRecordings = await run(["record", "--backend", "legacy@6.12"], {
      stdin: lines(real),
    });
    const traces = lines(real.map(({ trace }) => trace));
    const fromTraces = await run(["record", "--backend", "legacy@6.12", "-"], { stdin: traces });
    expect(fromTraces).toEqual(fromRecordings);
    expect(fromTraces).toMatchObject({ status: 0, err: "" });
    const made = fromTraces.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const asShown = ({ steps }: Recording, nth: number) =>
      JSON.stringify(steps.map((step, at) => withShownModes(step, real[nth]?.steps[at] ?? step)));
    expect(made.map(asShown)).toEqual(real.map(({ steps }) => JSON.stringify(steps)));
    expect(Object.keys(made[0])).toEqual(["format", "backend", "trace", "steps"]);
    for (const record of made) expect(recordingSchema.parse(record).backend).toBe("legacy@6.12");
  });

  it("writes into a file when told to", async () => {
    const path = join(dir, "out.jsonl");
    const { status, out } = await run(["record", "--backend", "modern", "-o", path], {
      stdin: lines(real),
    });
    expect({ status, out }).toEqual({ status: 0, out: "" });
    expect(readFileSync(path, "utf8").trimEnd().split("\n")).toHaveLength(3);
  });

  it("writes what comes before a bad line, then refuses", async () => {
    const { status, out, err } = await run(["record", "--backend", "modern"], {
      stdin: `${lines(real)}{}\n`,
    });
    expect(status).toBe(2);
    expect(out.trimEnd().split("\n")).toHaveLength(3);
    expect(err).toContain("line 4: format: is missing");
  });
});

describe("conform", () => {
  it("finds the model of a kernel's release and agrees", async () => {
    const { status, out } = await run(["conform", "-"], { stdin: lines(real) });
    const steps = real.reduce((sum, { steps: list }) => sum + list.length, 0);
    expect(status).toBe(0);
    expect(out).toContain(`${steps} of ${steps} steps of 3 recordings agree.`);
    expect(out).toContain("against legacy@6.12");
  });

  it("shows both values of a disagreement and exits with 1", async () => {
    const [first] = structuredClone(real);
    if (first === undefined) throw new Error("there are recordings");
    const step = first.steps.findIndex(({ memtype }) => memtype.length > 0);
    first.steps[step]?.memtype.forEach((entry) => {
      entry.end += 1;
    });
    first.steps[0]?.events.push({ kind: "warn", text: "x" });
    const { status, out } = await run(["conform", "-"], { stdin: lines([first]) });
    expect(status).toBe(1);
    expect(out).toContain(`${first.steps.length - 2} of ${first.steps.length} steps agree`);
    expect(out).toContain('events[0]: kernel {"kind":"warn","text":"x"}, model (absent)');
    expect(out).toMatch(/memtype\[0\]\.end: kernel \d+, model \d+/);
  });

  it.each([
    ["5.4.0-generic", "vm-pat", "legacy@6.1.0", "has no profile here"],
    ["6.120.1", "vm-pat", "legacy@6.15", "has no profile here"],
    ["7.4-rc2-amd64", "kref", "modern@7.3", "has no profile here"],
    ["6.12.9-vendor", "kref", "modern@6.16", "does not track as legacy@6.12 does"],
  ])("holds a recording of %s with %s to %s, and says so", async (release, design, id, why) => {
    const kernel = { release, design };
    const { status, out } = await run(["conform", "-"], { stdin: lines([{ ...real[0], kernel }]) });
    expect(out).toContain(`${release} ${why}: ${id} is the nearest, and unverified`);
    expect(out).toContain(`(${release} against ${id})`);
    const [, agreed, total] = /^(\d+) of (\d+) steps of 1 /m.exec(out) ?? [];
    expect(status).toBe(agreed === total ? 0 : 1);
  });

  it("refuses a recording of no kernel", async () => {
    const { status, err } = await run(["conform", "-"], {
      stdin: lines([{ ...real[0], kernel: undefined }]),
    });
    expect(status).toBe(2);
    expect(err).toContain("kernel: is missing");
  });

  it("refuses a trace, which is nothing to compare with", async () => {
    const path = join(dir, "trace.json");
    writeFileSync(path, JSON.stringify(real[0]?.trace));
    expect(await run(["conform", path])).toMatchObject({ status: 2 });
  });

  it("agrees on every step of every recording that the project ships", async () => {
    const { status, out } = await run(["conform", "--json"]);
    expect(status).toBe(0);
    const { total, agreed } = JSON.parse(out);
    expect(total).toBeGreaterThan(12_000);
    expect(agreed).toBe(total);
  });
});
