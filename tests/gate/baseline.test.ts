import { readdirSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { certificateSchema } from "../../fuzz/explore/certificate.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import { shrink } from "../../fuzz/shrink.ts";
import { isSimpler, rowsOf } from "../../fuzz/tracerows.ts";
import { knownBackends, openModel } from "../../src/cli/backends.ts";
import { ownBaseline, readBaseline } from "../../src/cli/baseline.ts";
import { ModelSide } from "../../src/engine/modelside.ts";
import { holdsFor, isReference } from "../../src/gate.ts";
import type { Trace } from "../../src/trace/trace.ts";

const { entries } = await readBaseline(ownBaseline());

const releases = (design: string) =>
  knownBackends().filter((id) => new RegExp(`^${design}@\\d+\\.\\d+$`).test(id));

async function differentialOf(before: string, after: string) {
  const [was, is] = [await openModel(before), await openModel(after)];
  const pair = new LiveDifferential(new ModelSide(was), new ModelSide(is));
  return (trace: Trace) => pair.run(trace).findings.map(({ signature }) => signature);
}

const certificateNamed = (name: string) =>
  certificateSchema.parse(JSON.parse(readFileSync(`docs/certificates/${name}`, "utf8")));

const CERTIFICATES = readdirSync("docs/certificates").map(certificateNamed);

describe("every accepted divergence", () => {
  test("is as short as a certificate says, where its entry says so", () => {
    const proven = entries.filter((entry) => entry.proven !== undefined);
    const wrong = proven.filter(({ signature, before, after, trace, proven: bounds }) => {
      const certificate = CERTIFICATES.find(
        (each) =>
          each.before === before && each.after === after && isDeepStrictEqual(each.bounds, bounds),
      );
      const witness = certificate?.witnesses.find((each) => each.signature === signature);
      return witness?.depth !== trace.ops.length - 1;
    });
    expect(wrong.map(({ signature }) => signature)).toEqual([]);
    expect(proven.length).toBeGreaterThan(60);
  });

  test("that no exploration has reached is listed with the reason", () => {
    const [, section = ""] = readFileSync("docs/EXPLORE.md", "utf8").split(
      "## What is not proven\n",
    );
    const listed = [...(section.split("\n## ")[0] ?? "").matchAll(/`(\w+:[\w-]+:[\w-]+)`/g)];
    const unproven = entries.filter(
      ({ proven, before }) => proven === undefined && before === "legacy@6.12",
    );
    expect(listed.map(([, signature]) => signature).sort()).toEqual(
      unproven.map(({ signature }) => signature).sort(),
    );
  });

  test("shows on the releases that its entry names, and on no other", async () => {
    const wrong: string[] = [];
    for (const before of releases("legacy")) {
      for (const after of releases("modern")) {
        const shown = await differentialOf(before, after);
        for (const entry of entries.filter(({ from }) => from !== undefined)) {
          const shows = shown(entry.trace).includes(entry.signature);
          if (shows === holdsFor(entry, { before, after })) continue;
          wrong.push(`${entry.signature} ${shows ? "shows" : "is silent"}: ${before}, ${after}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test("says of releases what is data, and cites what can be looked up", () => {
    const wrong = entries.filter(
      ({ reason, ref }) => /\b\d\.\d+\b/.test(reason) || (ref !== undefined && !isReference(ref)),
    );
    expect(wrong.map(({ signature }) => signature)).toEqual([]);
  });

  test("is shown by a trace that shrinks no further, and no exploration knows a simpler one", async () => {
    // Others hold shortest traces too, but those as long as an entry's may take a driver's claim.
    const names = ["legacy-modern-depth3", "legacy-modern-one-area-depth5"];
    const certified = names.flatMap((name) => certificateNamed(`${name}.json`).witnesses);
    for (const { signature, trace, before, after } of entries) {
      const shown = await differentialOf(before, after);
      const shows = (one: Trace) => shown(one).includes(signature);
      expect(shrink(trace, shows)).toEqual(trace);
      const others = certified.filter((one) => one.signature === signature);
      for (const other of others) {
        expect(isSimpler(rowsOf(shrink(other.trace, shows)), rowsOf(trace))).toBe(false);
      }
    }
  });
});
