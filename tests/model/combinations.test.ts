import { expect, test } from "vitest";
import { SHORT_MODE } from "../../src/pat/cachemode.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Mapped, Step, TraceEvent } from "../../src/trace/recording.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";
import { COMBINATIONS } from "./drivercombinations.ts";
import type { DriverCallRecord } from "../../src/trace/driverop.ts";
import { d, handler, map, memremapPages, n, PRIVATE, r, run, touch, z } from "./driverforms.ts";

/** Two processes, or one that forks the other. */
function traceOf(name: string, ops: readonly Op[]): Trace {
  const forksFirst = ops.some((op) => op.op === "fork" && op.child === 1);
  const spawns: Op[] = (forksFirst ? [0] : [0, 1]).map((proc) => ({ op: "spawn", proc }));
  const world = { pfns: 2048, vpages: 24, mtrr: "uncached" } as const;
  return traceSchema.parse({
    format: "pfndiff/trace@1",
    name,
    world,
    ops: [...spawns, ...ops],
  });
}

function eventText(event: TraceEvent): string {
  if (event.kind === "invalid-free") return `invalid free of [${event.start},${event.end})`;
  const where =
    event.kind === "warn" || event.kind === "bug" ? ` in ${event.text.split(":")[0]}` : "";
  return `${event.kind}${where}`;
}

function mapText({ at, pages, pfn, type, ram: isRam }: Mapped): string {
  return `${at}+${pages}=${isRam === true ? "ram " : ""}${pfn} ${SHORT_MODE[type]}`;
}

/** Result, calls, reservations, messages, and what every process maps. */
function stepText({ op }: Op, step: Step): string {
  const result = "errno" in step.result ? step.result.errno : "ok";
  const calls = (step.calls ?? []).map(({ errno }) => errno ?? "ok").join(" ");
  const reserved = step.memtype.map((e) => `[${e.start},${e.end}) ${SHORT_MODE[e.type]}`);
  const mapped = Object.values(step.vmas).map((vmas) =>
    vmas.flatMap((vma) => (vma.maps ?? []).map(mapText)).join(", "),
  );
  return [
    `${op} ${result}${calls === "" ? "" : ` (${calls})`}`,
    reserved.join(" ") || "-",
    mapped.filter((text) => text !== "").join(" / "),
    ...step.events.map(eventText),
  ]
    .filter((text) => text !== "")
    .join("; ");
}

function shown(release: string, name: string, ops: readonly Op[]): string[] {
  const model = MODELS[release];
  if (model === undefined) throw new Error(`no model of ${release}`);
  const { trace, steps } = model.recordSync(traceOf(name, ops));
  const texts = trace.ops.map((op, index) => stepText(op, steps[index] as Step));
  return texts.slice(trace.ops.length - ops.length).map((text) => `    ${text}`);
}

test("both models do of every combination what was derived from the kernels' sources", async () => {
  const lines = COMBINATIONS.flatMap(([name, ops]) => [
    name,
    "  6.12",
    ...shown("6.12", name, ops),
    "  7.2",
    ...shown("7.2", name, ops),
  ]);
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("../data/driver-combinations.txt");
});

const lastOf = (release: string, ops: readonly Op[]) =>
  shown(release, "one", ops).at(-1)?.trim() ?? "";

test.each(["6.1", "6.12", "6.18", "7.2"])(
  "%s: dma_mmap_coherent() takes vm_pgoff for an offset into the buffer",
  (release) => {
    expect(lastOf(release, [map(2, [n(0)], { off: 2 })])).toContain("ok (ok); -; 0+2=ram 65538 WB");
    expect(lastOf(release, [map(3, [n(0)], { off: 2 })])).toContain("ENXIO");
    expect(lastOf(release, [map(1, [n(0)], { off: 4 })])).toContain("ENXIO");
  },
);

test.each(["6.1", "6.12", "6.18", "7.2"])(
  "%s: vm_pgoff of a private mapping is a pfn after one buffer, past the end of the next",
  (release) => {
    expect(lastOf(release, [map(8, [d(0, 4, 0), d(4, 4, 1)], PRIVATE)])).toContain("(ok ENXIO)");
  },
);

test.each(["6.1", "6.12", "6.18", "7.2"])(
  "%s: vm_pgoff of a private mapping is a pfn after a whole remap, of which no fault handler has a page",
  (release) => {
    const refault = (calls: readonly DriverCallRecord[]) => {
      const ops = [map(2, [handler("insert", 0, "wb")], PRIVATE), run(0, calls), touch(0)];
      return lastOf(release, ops);
    };
    expect(refault([r(0, 0, 0, "wb"), z(0, 2)])).toContain("EIO");
    // What is inserted into a private mapping is a BUG, once the handler has the page.
    expect(refault([])).toContain("bug");
  },
);

test.each(["6.1", "6.12", "6.18", "7.2"])(
  "%s: add_pages() warns once a boot of memory that cannot be added, __add_pages() each time",
  (release) => {
    const twice = [memremapPages(0, "generic", 0, 4), memremapPages(0, "generic", 8, 4)];
    const [first, second] = shown(release, "misaligned", twice);
    expect(first).toMatch(/warn in __add_pages; warn in add_pages$/);
    expect(second).toMatch(/EINVAL; -; warn in __add_pages$/);
  },
);
