import { describe, expect, it } from "vitest";
import { compareSteps } from "../../src/compare.ts";
import { MODELS } from "../../src/models.ts";
import { readRecordings, recordingFiles } from "../recordings.ts";

/** The model of the release that a file is named after: `linux-6.12.117.jsonl.gz`. */
function modelOf(file: string) {
  const release = /\d+\.\d+/.exec(file)?.[0] ?? "";
  const model = MODELS.find(({ id }) => id.endsWith(`@${release}`));
  if (model === undefined) throw new Error(`no model for ${file}`);
  return model;
}

describe.each(["regions", "pieces"] as const)("recordings of real kernels: %s", (folder) => {
  it.each(recordingFiles(folder))("%s shows step by step what its model shows", (file) => {
    const model = modelOf(file);
    const recordings = readRecordings(file, folder);
    expect(recordings.length).toBeGreaterThanOrEqual(10);
    for (const recording of recordings) {
      const { disagreements } = compareSteps(recording, model.recordSync(recording.trace));
      expect([recording.trace.name, disagreements]).toEqual([recording.trace.name, []]);
    }
  });
});

describe("the recordings of several regions and of the ISA window", () => {
  const series = recordingFiles("regions").map((file) => /\d+\.\d+/.exec(file)?.[0]);

  it("are of five releases, of the same traces", () => {
    expect(series).toEqual(["6.1", "6.12", "6.18", "7.2", "7.3"]);
    const names = recordingFiles("regions").map((file) =>
      readRecordings(file, "regions").map(({ trace }) => trace),
    );
    for (const traces of names) expect(traces).toEqual(names[0]);
  });

  it("show reservations in each kind of region, and what VM_PAT leaks at the window's edge", () => {
    const shown = (release: string) =>
      recordingFiles("regions")
        .filter((file) => file.includes(`-${release}.`))
        .flatMap((file) => readRecordings(file, "regions"));
    const first = shown("6.12").flatMap(({ steps }) => steps.flatMap(({ memtype }) => memtype));
    expect(first.some(({ start }) => start >= 65_536)).toBe(true);
    const ends = (release: string) =>
      shown(release)
        .filter(({ trace }) => trace.world.isa !== undefined)
        .filter(({ steps }) => (steps.at(-1)?.memtype ?? []).length > 0);
    expect(ends("6.12").length).toBeGreaterThan(0);
    expect(ends("7.2").length).toBeLessThan(ends("6.12").length);
  });
});
