import { describe, expect, it } from "vitest";
import { legacyLaxFork } from "../../legacy/variants.ts";
import { krefEraseByEnd } from "../../modern/variants/erasebyend.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Op, Via } from "../../src/trace/op.ts";
import type { Step } from "../../src/trace/recording.ts";
import { MODELS } from "../models.ts";

const map = (proc: number, pages: number, via: Via): Op => ({
  op: "mmap",
  proc,
  at: 0,
  pages,
  pfn: 0,
  via,
  prot: "rw",
  private: false,
});

/** A driver frees a reservation that is not its own: the one way to see either variant differ. */
const freeForeign = (pfn: number): Op => ({ op: "free-memtype-wc", proc: 0, pfn, pages: 1 });

function lastStep(model: ModelBackend | undefined, ops: Op[]): Step | undefined {
  const world = { pfns: 2, vpages: 2, mtrr: "uncached" } as const;
  return model?.recordSync({ format: "pfndiff/trace@1", name: "", world, ops }).steps.at(-1);
}

describe("variants differ from their originals where another's reservation was freed", () => {
  it("variant:legacy-lax-fork forks where the strict one refuses the other mode", () => {
    const ops: Op[] = [
      { op: "spawn", proc: 0 },
      map(0, 1, "resource"),
      freeForeign(0),
      { op: "spawn", proc: 1 },
      map(1, 1, "resource_wc"),
      { op: "fork", proc: 0, child: 2 },
    ];
    expect(lastStep(MODELS["6.12"], ops)?.result).toEqual({ errno: "ENOMEM" });
    expect(lastStep(legacyLaxFork(), ops)?.result).toEqual({ ok: true });
  });

  it("variant:kref-erase-by-end cuts a reservation where the original finds none", () => {
    const ops: Op[] = [{ op: "spawn", proc: 0 }, map(0, 2, "resource"), freeForeign(1)];
    expect(lastStep(MODELS["7.2"], ops)?.memtype).toMatchObject([{ start: 0, end: 2 }]);
    expect(lastStep(krefEraseByEnd(), ops)?.memtype).toMatchObject([{ start: 0, end: 1 }]);
  });
});
