import { expect, test } from "vitest";
import type { Op } from "../../src/trace/op.ts";
import { MODELS } from "../models.ts";

/* What the kernel's own code answered otherwise than a model did, until the model was mended. */

/** The errno of the last op of a process that begins with one mapped page, or "ok". */
function lastOf(release: string, at: number, op: Op, maps?: number): string {
  const map: Op = {
    op: "mmap",
    proc: 0,
    at,
    pages: 1,
    pfn: 0,
    via: "resource",
    prot: "rw",
    private: false,
  };
  const recording = MODELS[release]?.recordSync({
    format: "pfndiff/trace@1",
    name: "asked",
    world: { pfns: 8, vpages: 8, mtrr: "uncached", ...(maps === undefined ? {} : { maps }) },
    ops: [{ op: "spawn", proc: 0 }, map, op],
  });
  const result = recording?.steps.at(-1)?.result;
  return result !== undefined && "errno" in result ? result.errno : "ok";
}

test.each(["7.2", "7.3"])(
  "mremap() of %s needs one VMA more where the old place stays",
  (release) => {
    const stay: Op = { op: "mremap", proc: 0, at: 0, pages: 1, newPages: 1, dontunmap: true };
    expect([lastOf(release, 0, stay, 5), lastOf(release, 0, stay, 6)]).toEqual([
      "ENOMEM",
      "EINVAL",
    ]);
  },
);

test.each([
  ["6.1", "EINVAL"],
  ["6.12", "ENOMEM"],
  ["7.2", "ENOMEM"],
])("madvise() of %s that populates from a gap on is %s", (release, errno) => {
  const advise: Op = { op: "madvise", proc: 0, at: 0, pages: 2, advice: "populate_read" };
  expect(lastOf(release, 1, advise)).toBe(errno);
});
