import { readFileSync } from "node:fs";
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

describe("every accepted divergence", () => {
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
    const certified = ["legacy-modern-depth3", "legacy-modern-one-area-depth5"].flatMap(
      (name) =>
        certificateSchema.parse(JSON.parse(readFileSync(`docs/certificates/${name}.json`, "utf8")))
          .witnesses,
    );
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
