import { describe, expect, it } from "vitest";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { faultedTraceOfRun, idiomTraceOfRun, type TraceSource } from "../../fuzz/sources.ts";
import { MODERN_PROFILES } from "../../modern/profiles.ts";
import { ctxOf, KrefTracking } from "../../modern/tracking.ts";
import type { DupReason } from "../../src/mm/tracking.ts";
import type { Vma } from "../../src/mm/vma.ts";
import type { ShownContext } from "../../src/model/contextwatch.ts";
import { Machine } from "../../src/model/machine.ts";
import { ListChanges } from "../../src/oracle/listchanges.ts";

/** Loses count, so that there is something to see: each third duplicate takes no reference. */
class Forgetful extends KrefTracking {
  private count = 0;

  override dup(copy: Vma, original: Vma, _reason?: DupReason): void {
    super.dup(copy, original);
    const ctx = ctxOf(copy);
    if (ctx !== null && ++this.count % 3 === 0) ctx.kref--;
  }
}

function machine(world: ReturnType<TraceSource>["world"], Tracking: typeof KrefTracking): Machine {
  const spec = {
    profile: MODERN_PROFILES["7.2"],
    eraseByEnd: false,
    tracking: (...[ranges, , kernel]: Parameters<Machine["spec"]["tracking"]>) =>
      new Tracking(ranges, kernel),
    contextOf: ctxOf,
  };
  return new Machine(world, spec, new ListChanges());
}

/** The same by a look at every VMA there is. */
function recounted({ processes }: Machine): number {
  const holders = new Map<ShownContext, number>();
  for (const [, { vmas }] of processes) {
    for (const vma of vmas) {
      const context = ctxOf(vma);
      if (context !== null) holders.set(context, (holders.get(context) ?? 0) + 1);
    }
  }
  return [...holders].filter(([context, count]) => context.kref !== count).length;
}

/** Runs traces op by op; returns the most bad contexts that were seen at once. */
function follow(traceOf: TraceSource, Tracking: typeof KrefTracking): number {
  let most = 0;
  for (let run = 0; run < 300; run++) {
    const { world, ops } = traceOf(7, run);
    const model = machine(world, Tracking);
    for (const op of ops) {
      model.apply(op);
      // A dead task keeps what it had, and shows it no more: from there on nothing adds up.
      if (model.events.some(({ kind }) => kind === "bug")) break;
      const bad = recounted(model);
      expect(model.badContexts(), `run ${run}, ${JSON.stringify(op)}`).toBe(bad);
      most = Math.max(most, bad);
    }
  }
  return most;
}

describe.each([
  ["traces as a campaign draws them", traceOfRun],
  ["traces with a failing allocation", faultedTraceOfRun],
  ["traces of driver idioms", idiomTraceOfRun],
])("over %s, the watch of contexts", (_, traceOf) => {
  it("counts what a look at all VMAs counts, and nothing where the design is right", () => {
    expect(follow(traceOf, KrefTracking)).toBe(0);
  });

  it("counts the same where the design loses references", () => {
    expect(follow(traceOf, Forgetful)).toBeGreaterThan(0);
  });
});
