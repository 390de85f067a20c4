import { describe, expect, test } from "vitest";
import { openModel } from "../../src/cli/backends.ts";
import { judge, judgeSide } from "../../src/oracle/judge.ts";
import type { Step } from "../../src/trace/recording.ts";
import type { Op } from "../../src/trace/op.ts";
import { exit, map, move, mprotect, munmap, record, scene, shrink, spawn } from "./scenes.ts";

const wc = { via: "resource_wc" } as const;

/** What the oracle finds on one design, as `step symptom:cause`, in order. */
async function found(id: string, ops: readonly Op[]): Promise<string[]> {
  const recording = (await openModel(id)).recordSync(scene(ops), { contexts: true });
  const { findings } = judgeSide(recording, "before");
  return findings.map(({ step, symptom, cause }) => `${step} ${symptom}:${cause}`);
}

describe("whose reservation changed, where only the sum of an op's changes shows", () => {
  /** A mapping without its head, and two of the pages that its reservation is cut to. */
  const three = [spawn(), map(0, 4, 0), munmap(0, 2), map(8, 2, 0), map(12, 2, 0)];

  test("is told by counting: two went whole and one was cut to their length", async () => {
    // [0,4) went, and of three [0,2) that were or came one is left: it is the first mapping's.
    expect(await found("legacy@6.12", [...three, exit()])).toEqual([
      "2 double-untrack:unmap-head",
      "2 over-retention:unmap-head",
      "5 leak:unmap-head",
    ]);
  });

  test("is told where the ones before in the list have gone by themselves", async () => {
    const ops = [
      spawn(),
      map(5, 2, 0, { private: true }),
      map(3, 3, 0, wc),
      map(2, 1, 0),
      map(13, 1, 0, wc),
      exit(),
    ];
    expect((await found("legacy@6.12", ops)).at(-1)).toBe("5 leak:unmap-head");
  });

  test("is told by the last made of several that fit: the others were there to be freed before", async () => {
    const own = { private: true };
    const ops = [
      spawn(),
      map(5, 2, 0, wc),
      map(18, 2, 0, own),
      map(7, 2, 0),
      map(12, 2, 0),
      move(12, 1, 7),
      shrink(8, 6, 1),
      map(6, 2, 0, own),
      munmap(15, 4),
      munmap(2, 5),
      map(6, 2, 0),
      map(12, 2, 0, wc),
      move(6, 4, 13),
      map(0, 1, 0),
      munmap(7, 3),
      map(19, 1, 1, own),
      move(0, 1, 12),
    ];
    const last = (await found("variant:D4", ops)).filter((one) => one.startsWith("16 "));
    expect(last).not.toContain("16 wrong-owner-untrack:equal-match");
  });
});

describe("a mapping with a gap", () => {
  const ops = [spawn(), map(0, 4, 0), munmap(1, 1), map(4, 3, 0), mprotect(5, 1), munmap(3, 4)];

  test("keeps its own reservation, though one of another's is as long as from its first page to its last", async () => {
    // [0,4) is that of the first mapping, of which 0 and 2 are left, and [0,3) that of one that went.
    const { steps } = (await openModel("legacy@6.12.23")).recordSync(scene(ops));
    expect(steps.at(-1)?.memtype.map(({ start, end }) => [start, end])).toEqual([
      [0, 4],
      [0, 3],
    ]);
    expect((await found("legacy@6.12.23", ops)).filter((one) => one.startsWith("5 "))).toEqual([
      "5 double-untrack:split",
      "5 over-retention:unmap-tail",
    ]);
  });
});

describe("what made a reservation wrong", () => {
  test("is remembered where as much is reserved as is left, but not the same pages", async () => {
    // Of [0,3) the pages 0 and 2 are left, and another's untrack has cut their reservation to [0,2).
    const cut = [map(4, 2, 1), mprotect(5, 1), munmap(4, 2)];
    const ops = [spawn(), map(0, 3, 0), munmap(1, 1), ...cut, move(0, 1, 8), exit()];
    expect((await found("legacy@6.12", ops)).filter((one) => one.startsWith("7 "))).toEqual([
      "7 wrong-owner-untrack:end-match",
      "7 double-untrack:unmap-middle",
      "7 leak:split",
      "7 leak:unmap-middle",
    ]);
  });

  test("is remembered where the untrack that finds nothing makes the rest fit again", async () => {
    const ops = [
      spawn(),
      map(10, 2, 4, wc),
      map(3, 3, 5, wc),
      mprotect(5, 1),
      munmap(3, 1),
      map(7, 2, 8),
      move(7, 2, 11),
    ];
    expect(await found("legacy@6.12", ops)).toContain("6 double-untrack:split");
  });

  test("is the move that lost the tracking, though the mapping went whole afterwards", async () => {
    const ops = [spawn(), map(15, 1, 0), move(15, 1, 14), map(15, 1, 0), exit()];
    expect((await found("legacy@6.12.23", ops)).at(-1)).toBe("4 leak:move-tail");
  });
});

describe("an answer that is untrue", () => {
  test("is told as that, and not compared with the other side's as well", () => {
    const seal: Op = { op: "mseal", proc: 0, at: 0, pages: 2 };
    const refused = record("7.2", scene([spawn(), map(0, 2, 0), seal, munmap(0, 2)]));
    const steps = refused.steps.with(3, { ...(refused.steps[3] as Step), result: { ok: true } });
    const { findings } = judge(refused, { ...refused, steps });
    expect(findings.map(({ symptom, cause }) => `${symptom}:${cause}`)).toEqual([
      "errno:munmap-untrue",
    ]);
  });
});
