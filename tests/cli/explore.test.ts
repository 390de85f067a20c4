import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Certificate, certificateSchema } from "../../fuzz/explore/certificate.ts";
import { GROUP_NAMES } from "../../fuzz/explore/groups.ts";
import { type BaselineEntry, baselineSchema } from "../../src/gate.ts";
import { SYMPTOMS } from "../../src/oracle/finding.ts";
import { scenarioNamed } from "../../src/scenarios/index.ts";
import { traceSchema } from "../../src/trace/trace.ts";
import { IS_LONG } from "../long.ts";
import { type Outcome, run } from "./run.ts";

let dir = "";
let path = "";
let first: Outcome;
let certificate: Certificate;
const BOUNDS = ["--procs", "2", "--slots", "2", "--pages", "2", "--depth", "2", "--with", "core"];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-explore-"));
  path = join(dir, "certificate.json");
  first = await run(["explore", ...BOUNDS, "--out", path]);
  certificate = certificateSchema.parse(JSON.parse(readFileSync(path, "utf8")));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A certificate file with a change in it. */
function doctored(change: (value: Certificate) => unknown): string {
  const value = structuredClone(certificate);
  const changed = join(dir, "doctored.json");
  writeFileSync(changed, JSON.stringify(change(value) ?? value));
  return changed;
}

describe("explore", () => {
  it("says what showed first, what is absent and for which bounds; speed goes to stderr", () => {
    expect(first.status).toBe(0);
    expect(first.out).toContain("  2  fixed:double-untrack:unmap-head\n");
    expect(first.out).toMatch(
      /^after, modern@7\.2: no crash, .*no refcount.* no leak, .*for 2 processes, 2 areas of 2 pages, depth 2$/m,
    );
    expect(first.err).toMatch(/^\d+ states, \d+ transitions in .* states\/s/m);
  });

  it("every symptom is shown or absent on each side", () => {
    for (const { shown, absent } of certificate.sides) {
      expect([...shown.map(({ symptom }) => symptom), ...absent].sort()).toEqual(
        [...SYMPTOMS].sort(),
      );
    }
  });

  it("a witness is a trace that replays", async () => {
    const trace = traceSchema.parse(certificate.witnesses[0]?.trace);
    const file = join(dir, "witness.json");
    writeFileSync(file, JSON.stringify(trace));
    const { out, status } = await run(["replay", file]);
    expect(status).toBe(0);
    expect(out).toContain(certificate.witnesses[0]?.signature);
  });

  it("prints the certificate as JSON, and the same one each time", async () => {
    const { out } = await run(["explore", ...BOUNDS, "--json"]);
    expect(JSON.parse(out)).toEqual(certificate);
  });

  it("adds groups of letters, says so in the certificate, and names those there are", async () => {
    const small = ["--slots", "1", "--pages", "1", "--depth", "2", "--json"];
    const { out } = await run(["explore", ...small, "--with", "revoke,mseal"]);
    const { bounds, alphabet, witnesses } = certificateSchema.parse(JSON.parse(out));
    expect(bounds.with).toEqual(["mseal", "revoke"]);
    expect(alphabet.join()).toContain("revoke: every one");
    const signatures = witnesses.map(({ signature }) => signature);
    expect(signatures).toContain("introduced:over-retention:revoke");
    const { status, err } = await run(["explore", "--with", "mseal,seal"]);
    expect(status).toBe(2);
    expect(err).toMatch(
      /^pfndiff: --with: there is no group seal \(there are .*peek; or all, or core\)\n$/,
    );
  });

  it("begins with a trace, says so in the certificate, which verifies, and in the text", async () => {
    const begin = join(dir, "begin.json");
    const out = join(dir, "begun.json");
    const map = { op: "mmap", proc: 0, at: 0, pages: 2, pfn: 1, via: "resource", prot: "rw" };
    const trace = {
      format: "pfndiff/trace@1",
      name: "a machine",
      world: { pfns: 3, vpages: 3, mtrr: "uncached" },
      ops: [
        { op: "spawn", proc: 0 },
        { ...map, private: false },
      ],
    };
    writeFileSync(begin, JSON.stringify(trace));
    const small = ["--slots", "1", "--pages", "1", "--depth", "1"];
    const said = await run(["explore", ...small, "--begin", begin, "--out", out]);
    expect(said.status).toBe(0);
    expect(said.out).toContain(
      "1 area of 1 page, depth 1, beside a beginning of 2 ops (3 pfns, 3 vpages)\n",
    );
    expect(said.out).toContain("\n  1  fixed:double-untrack:unmap-head\n");
    const { bounds, witnesses } = certificateSchema.parse(JSON.parse(readFileSync(out, "utf8")));
    expect(bounds.begin).toEqual(trace);
    for (const witness of witnesses) expect(witness.trace.ops.slice(0, 2)).toEqual(trace.ops);
    expect((await run(["explore", "--verify", out])).out).toContain(": verified, 1 levels, ");
  });

  it("tells where the beginning itself parts the sides", async () => {
    const begin = join(dir, "parted.json");
    const map = { op: "mmap", proc: 0, at: 0, prot: "rw", private: false };
    const ops = [
      { op: "spawn", proc: 0 },
      { ...map, pages: 2, pfn: 0, via: "resource" },
      { ...map, pages: 1, pfn: 2, via: "resource_wc" },
      { ...map, pages: 2, pfn: 1, via: "resource_wc" },
    ];
    const world = { pfns: 3, vpages: 2, mtrr: "uncached" };
    writeFileSync(begin, JSON.stringify({ ...certificate.witnesses[0]?.trace, world, ops }));
    const { out } = await run(["explore", "--begin", begin, "--depth", "1"]);
    expect(out).toContain("have parted when the beginning is over: no signature is judged.\n");
  });

  it.each<[string, object, string]>([
    ["no ops", { ops: [] }, "has no ops"],
    ["many pages", { world: { pfns: 3, vpages: 256, mtrr: "uncached" } }, "256 vpages"],
    ["a driver", { ops: [{ op: "drv-zap", proc: 0, off: 0, pages: 1 }] }, "ops[0]: drv-zap"],
    [
      "several regions",
      { world: scenarioNamed("regions-apart").trace.world },
      "has several regions, and one is explored",
    ],
  ])("cannot begin with %s, and says why in one line", async (_, change, why) => {
    const file = join(dir, "refused.json");
    writeFileSync(file, JSON.stringify({ ...certificate.witnesses[0]?.trace, ...change }));
    const { status, err } = await run(["explore", "--begin", file]);
    expect(status).toBe(2);
    expect(err).toMatch(/^pfndiff: --begin [^\n]*\n$/);
    expect(err).toContain(why);
  });

  it("an interrupt ends it with 130 and without a certificate", async () => {
    const stopped = join(dir, "stopped.json");
    const interrupted = AbortSignal.abort();
    const { status } = await run(["explore", "--out", stopped], { interrupted });
    expect(status).toBe(130);
    expect(() => readFileSync(stopped)).toThrow("ENOENT");
  });

  it.runIf(IS_LONG)(
    "certifies the same with a megabyte of memory, and leaves nothing",
    async () => {
      const ask = ["explore", "--slots", "1", "--depth", "6", "--no-judge", "--json"];
      const folders = () =>
        readdirSync(tmpdir()).filter((name) => name.startsWith("pfndiff-explore"));
      const before = folders();
      const [few, all] = [await run([...ask, "--memory", "1"]), await run(ask)];
      expect(few.out).toBe(all.out);
      expect(folders()).toEqual(before);
    },
  );
});

describe("explore without --with", () => {
  it("takes every group where that is a minute's work, and says so; else the core", async () => {
    const small = ["--slots", "1", "--pages", "1", "--json"];
    const groupsOf = async (...more: string[]) =>
      certificateSchema.parse(JSON.parse((await run(["explore", ...small, ...more])).out)).bounds
        .with;
    expect(await groupsOf("--depth", "1")).toEqual(GROUP_NAMES);
    expect(await groupsOf("--depth", "4", "--procs", "1")).toBeUndefined();
    const { out } = await run(["explore", "--slots", "1", "--pages", "1", "--depth", "1"]);
    expect(out).toContain("1 area of 1 page, depth 1, with every group\n");
  });
});

describe("explore --prove", () => {
  const ask = ["explore", "--procs", "1", "--slots", "1", "--pages", "2", "--depth", "2"];

  it("gives a baseline the shortest trace and the bounds, and changes nothing the second time", async () => {
    const file = join(dir, "baseline.json");
    const all = JSON.parse(readFileSync("reports/baseline.json", "utf8"));
    const signature = "fixed:double-untrack:unmap-head";
    const entry = all.entries.find((each: BaselineEntry) => each.signature === signature);
    const long = { ...entry.trace, ops: [entry.trace.ops[0], ...entry.trace.ops.slice(1)] };
    long.ops.splice(1, 0, { op: "revoke", proc: 0 });
    const kept = { ...entry, signature: "fixed:leak:shrink", symptom: "leak", cause: "shrink" };
    const entries = [{ ...entry, trace: long, proven: undefined }, kept];
    writeFileSync(file, JSON.stringify({ ...all, entries }));
    expect((await run([...ask, "--prove", file])).err).toContain(": 1 entry is proven by");
    const [proven, other] = baselineSchema.parse(JSON.parse(readFileSync(file, "utf8"))).entries;
    expect(proven?.trace.ops.length).toBe(3);
    expect(proven?.proven).toMatchObject({
      procs: 1,
      slots: 1,
      pages: 2,
      depth: 2,
      with: GROUP_NAMES,
    });
    expect(other).toEqual(baselineSchema.parse({ ...all, entries: [kept] }).entries[0]);
    expect((await run([...ask, "--prove", file])).err).toContain(": 0 entries are proven by");
  });

  it.each([
    ["without the oracle", ["--no-judge"], "--prove needs the oracle"],
    ["with levels of an exploration", ["--levels", "1"], "--levels is for --verify"],
  ])("is refused in one line %s", async (_, more, why) => {
    const file = join(dir, "baseline.json");
    const { status, err } = await run([...ask, "--prove", file, ...more]);
    expect(status).toBe(2);
    expect(err).toContain(`pfndiff: ${why}`);
  });
});

describe("explore --verify", () => {
  it("verifies the first levels of a deep one by themselves", async () => {
    const file = "docs/certificates/legacy-modern-one-area-depth5.json";
    const { status, out } = await run(["explore", "--verify", file, "--levels", "2"]);
    expect({ status, out }).toEqual({
      status: 0,
      out: expect.stringMatching(/: verified, 2 of 5 levels, \d+ states\n$/),
    });
    const changed = doctored((c) => ({ ...c, levels: swapHash(c.levels) }));
    expect((await run(["explore", "--verify", changed, "--levels", "1"])).status).toBe(0);
    const other = doctored((c) => ({ ...c, levels: swapHash(c.levels, 0) }));
    expect((await run(["explore", "--verify", other, "--levels", "1"])).status).toBe(1);
  });

  it("verifies what explore wrote, whatever the default bounds", async () => {
    const { status, out } = await run(["explore", "--verify", path]);
    expect({ status, out }).toEqual({
      status: 0,
      out: expect.stringMatching(/: verified, 2 levels, \d+ states\n$/),
    });
  });

  it.each<[string, (value: Certificate) => unknown, string]>([
    ["a level's hash", (c) => ({ ...c, levels: swapHash(c.levels) }), "levels.1.hash"],
    ["a witness", (c) => ({ ...c, witnesses: c.witnesses.slice(1) }), "witnesses.0.signature"],
    ["an absence", (c) => ({ ...c, sides: c.sides.map(claimMore) }), "sides.1.absent"],
    ["the alphabet", (c) => ({ ...c, alphabet: c.alphabet.slice(1) }), "alphabet.0"],
    ["a backend", (c) => ({ ...c, before: "modern@7.2" }), "levels."],
  ])("returns 1 and names the place when %s was changed", async (_, change, place) => {
    const { status, out, err } = await run(["explore", "--verify", doctored(change)]);
    expect({ status, out }).toEqual({ status: 1, out: expect.stringContaining(`: ${place}`) });
    expect(err).not.toContain("pfndiff:");
  });

  it.each<[string, (value: Certificate) => unknown, string]>([
    ["has another format", (c) => ({ ...c, format: "pfndiff/trace@1" }), "format"],
    ["has an unknown field", (c) => ({ ...c, extra: 1 }), "extra"],
    ["has a bound out of range", (c) => ({ ...c, bounds: { ...c.bounds, procs: 9 } }), "procs"],
    ["names an unknown backend", (c) => ({ ...c, before: "legacy@1.0" }), "legacy@1.0"],
  ])("returns 2 and one line for a file that %s", async (_, change, place) => {
    const { status, out, err } = await run(["explore", "--verify", doctored(change)]);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toMatch(/^pfndiff: [^\n]*\n$/);
    expect(err).toContain(place);
  });

  it("refuses a certificate that cannot be written before it explores", async () => {
    const { status, out, err } = await run(["explore", "--depth", "12", "--out", "n".repeat(300)]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^pfndiff: n+\.\.\.n+: the name is too long\n$/);
  });

  it("returns 2 for a file that is not there or not JSON", async () => {
    const text = join(dir, "text.json");
    writeFileSync(text, "no");
    for (const file of [text, join(dir, "none.json")]) {
      expect((await run(["explore", "--verify", file])).status).toBe(2);
    }
  });

  it("verifies the small certificate that comes with the project", async () => {
    const file = "docs/certificates/legacy-modern-depth3.json";
    expect((await run(["explore", "--verify", file])).status).toBe(0);
  });
});

function swapHash(levels: Certificate["levels"], changed = 1): Certificate["levels"] {
  return levels.map((level, at) =>
    at === changed ? { ...level, hash: "0123456789abcdef" } : level,
  );
}

function claimMore(side: Certificate["sides"][number]): Certificate["sides"][number] {
  return side.side === "after" ? { ...side, absent: [...SYMPTOMS] } : side;
}
