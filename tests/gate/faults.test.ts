import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { IS_LONG } from "../long.ts";
import { Checkout, type Ended, type Fault } from "./checkout.ts";
import { sourceFaults } from "./faults.ts";

const FAULTS = sourceFaults();

/**
 * PFNDIFF_GATE_FAULTS: `all`, or a part of a name. Unless it is set a sample is tried: every one
 * costs a build and a gate. PFNDIFF_LONG_TESTS=1, as in .ci/run: a larger sample.
 */
const WANTED = process.env["PFNDIFF_GATE_FAULTS"] ?? "";
const SAMPLE = IS_LONG ? 10 : 1;

function chosen(faults: readonly Fault[]): readonly Fault[] {
  if (WANTED === "all") return faults;
  if (WANTED !== "") return faults.filter(({ name }) => name.includes(WANTED));
  const every = Math.floor(faults.length / SAMPLE);
  return faults.filter((_, index) => index % every === 0).slice(0, SAMPLE);
}

async function gateWith(fault: Fault): Promise<Ended> {
  const checkout = new Checkout();
  try {
    checkout.plant(fault);
    checkout.build();
    return await checkout.pfndiff("gate");
  } finally {
    checkout.remove();
  }
}

describe("a fault in the sources", () => {
  it.each(FAULTS)("$name stands where it says", ({ edits }) => {
    for (const { file, was, is } of edits) {
      expect(readFileSync(file, "utf8").split(was), `${file}: ${was}`).toHaveLength(2);
      expect(is).not.toBe(was);
    }
  });

  it("has a name of its own", () => {
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  });

  it.each(chosen(FAULTS.filter(({ isBeyond }) => !isBeyond)))(
    "$name fails the gate, which tells a trace",
    async (fault) => {
      const { status, out, err } = await gateWith(fault);
      expect(err).not.toContain("fault");
      expect(out).toMatch(/^(NEW|VANISHED|CHANGED) {2}\S+\n {2}.*\n {2}trace: spawn p0; /m);
      expect(status).toBe(1);
    },
  );

  it.runIf(WANTED !== "").each(chosen(FAULTS.filter(({ isBeyond }) => isBeyond)))(
    "$name is beyond the gate's campaign, and passes it",
    async (fault) => {
      expect(await gateWith(fault)).toMatchObject({ status: 0 });
    },
  );
});
