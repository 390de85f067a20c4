import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Checkout } from "../gate/checkout.ts";

const FILE = "src/mm/munmap.ts";
let checkout: Checkout;

beforeAll(() => {
  checkout = new Checkout();
  checkout.build();
});
afterAll(() => checkout.remove());

const stale = {
  out: "",
  err: `pfndiff: this build is not that of the sources beside it (${FILE} differs): run npm run build\n`,
};

/** Runs with another text in FILE, and puts it right again. */
async function withChange<T>(work: () => Promise<T>): Promise<T> {
  checkout.edit(FILE, (text) => `${text}\n`);
  try {
    return await work();
  } finally {
    checkout.edit(FILE, (text) => text.slice(0, -1));
  }
}

describe("a build in a checkout", () => {
  it("is refused by every command that judges when a source has changed", async () => {
    await withChange(async () => {
      for (const command of ["gate", "scenarios", "bench", "kernel list"]) {
        expect(await checkout.pfndiff(...command.split(" "))).toEqual({ status: 2, ...stale });
      }
    });
  });

  it("still tells its version, its help and its completion", async () => {
    await withChange(async () => {
      for (const command of ["--version", "--help", "gate --help", "completion bash"]) {
        expect(await checkout.pfndiff(...command.split(" "))).toMatchObject({ status: 0, err: "" });
      }
    });
  });

  it("is refused when a source is gone", async () => {
    const path = join(checkout.dir, FILE);
    renameSync(path, `${path}.gone`);
    expect(await checkout.pfndiff("scenarios")).toEqual({ status: 2, ...stale });
    renameSync(`${path}.gone`, path);
  });

  it("is believed when a source was only written anew", async () => {
    utimesSync(join(checkout.dir, FILE), new Date(), new Date());
    expect(await checkout.pfndiff("scenarios")).toMatchObject({ status: 0, err: "" });
  });

  it("stops a bisection, asked to or not", async () => {
    await withChange(async () => {
      const asked = await checkout.pfndiff("gate", "--exit-style", "bisect");
      expect(asked).toEqual({ status: 255, ...stale });
      mkdirSync(join(checkout.dir, ".git"));
      writeFileSync(join(checkout.dir, ".git/BISECT_LOG"), "");
      expect(await checkout.pfndiff("gate")).toEqual({ status: 255, ...stale });
      expect((await checkout.pfndiff("gate", "--exit-style", "default")).status).toBe(2);
      rmSync(join(checkout.dir, ".git"), { recursive: true });
    });
  });

  it("is never stale where it was installed without sources", async () => {
    rmSync(join(checkout.dir, "src"), { recursive: true });
    expect(await checkout.pfndiff("scenarios")).toMatchObject({ status: 0, err: "" });
  });
});
