import { describe, expect, it } from "vitest";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { faultedTraceOfRun, idiomTraceOfRun, type TraceSource } from "../../fuzz/sources.ts";
import { HISTORIC_RELEASES, releaseSpec } from "../../legacy/historic.ts";
import { legacyLaxFork } from "../../legacy/variants.ts";
import { modernSpec } from "../../modern/index.ts";
import { krefEraseByEnd } from "../../modern/variants/erasebyend.ts";
import { MUTANTS } from "../../src/cli/mutantlist.ts";
import { VARIANTS, variantBackend } from "../../src/models.ts";
import { type ModelBackend, modelBackend } from "../../src/model/backend.ts";
import { type DesignSpec, Machine } from "../../src/model/machine.ts";
import { snapshot } from "../../src/model/snapshot.ts";
import { ListChanges } from "../../src/oracle/listchanges.ts";
import type { Op } from "../../src/trace/op.ts";
import { IS_LONG, sampleOf } from "../long.ts";
import { MODELS } from "../models.ts";

const SOURCES: readonly TraceSource[] = [traceOfRun, faultedTraceOfRun, idiomTraceOfRun];
/** All sources at all cuts, at least. */
const RUNS = IS_LONG ? 45 : 15;

/** The steps of some ops, with what only a running machine shows. */
function stepsOf(machine: Machine, ops: readonly Op[]): string[] {
  return ops.map((op) => {
    const step = snapshot(machine, machine.apply(op), true);
    return JSON.stringify([step, machine.badContexts()]);
  });
}

/** Goes on from a cut, then again from what was kept there, the second time after another trace. */
function expectKept(model: Pick<ModelBackend, "machine">): void {
  for (let run = 0; run < RUNS; run++) {
    const source = SOURCES[run % SOURCES.length] as TraceSource;
    const { world, ops } = source(23, run);
    const machine = model.machine(world, new ListChanges());
    const cut = Math.floor((ops.length * (run % 5)) / 5);
    const whole = stepsOf(machine, ops);
    machine.reset();
    stepsOf(machine, ops.slice(0, cut));
    const back = machine.keep();
    expect(back).not.toBeNull();
    const rest = whole.slice(cut);
    expect(stepsOf(machine, ops.slice(cut)), `run ${run}, gone on`).toEqual(rest);
    back?.();
    expect(stepsOf(machine, ops.slice(cut)), `run ${run}, put back`).toEqual(rest);
    machine.reset();
    stepsOf(machine, [...ops].reverse());
    back?.();
    expect(stepsOf(machine, ops.slice(cut)), `run ${run}, after another`).toEqual(rest);
  }
}

describe("a machine that was put back goes on as a replay from the start would", () => {
  it.each(Object.entries(MODELS))("of the release %s", (_, model) => expectKept(model));

  it.each(HISTORIC_RELEASES)("of %s as it was published", (release) =>
    expectKept(modelBackend(release, "vm-pat", releaseSpec(release))),
  );

  it.each(VARIANTS.map((variant) => [variant.name, variant] as const))("variant %s", (_, variant) =>
    expectKept(variantBackend(variant)),
  );

  it.each([legacyLaxFork(), krefEraseByEnd()].map((model) => [model.id, model] as const))(
    "%s",
    (_, model) => expectKept(model),
  );

  it.each(sampleOf(MUTANTS, 4).map(({ id, spec }) => [id, spec] as const))(
    "mutant %s",
    (id, spec) => expectKept(modelBackend(id, "kref", spec)),
  );
});

const WORLD = { pfns: 4, vpages: 4, mtrr: "uncached" } as const;
const map: Op = {
  op: "mmap",
  proc: 0,
  at: 0,
  pages: 2,
  pfn: 0,
  via: "resource",
  prot: "rw",
  private: false,
};

/** A design that counts what it is asked, in fields, and refuses every third mapping. */
class Counting {
  readonly asked = new Map<string, number[]>();

  remap(): "EINVAL" | null {
    const list = this.asked.get("remap") ?? [];
    this.asked.set("remap", list);
    list.push(list.length);
    return list.length % 3 === 0 ? "EINVAL" : null;
  }

  remapFailed(): void {}
  dup(): void {}
  copy(): null {
    return null;
  }
  copyFailed(): void {}
  unmap(): void {}
  moved(): void {}
  free(): void {}
}

describe("a design without a hook for it", () => {
  const machineOf = (more: Partial<DesignSpec> & Pick<DesignSpec, "tracking">) => {
    const { contextOf: _modernOnly, ...spec } = modernSpec("7.2");
    const machine = new Machine(WORLD, { ...spec, ...more });
    for (const op of [{ op: "spawn", proc: 0 }, map, map] as const) machine.apply(op);
    return machine;
  };

  it("is kept with what its fields hold", () => {
    const machine = machineOf({ tracking: () => new Counting() });
    const back = machine.keep();
    expect([machine.apply(map), machine.apply(map)]).toEqual(["EINVAL", null]);
    back?.();
    expect([machine.apply(map), machine.apply(map)]).toEqual(["EINVAL", null]);
  });

  it("is not kept where it hides state, or holds what cannot be looked into", () => {
    expect(machineOf({ tracking: () => new Counting(), hidesState: true }).keep()).toBeNull();
    const opaque = () => Object.assign(new Counting(), { seen: new WeakSet() });
    expect(machineOf({ tracking: opaque }).keep()).toBeNull();
  });
});
