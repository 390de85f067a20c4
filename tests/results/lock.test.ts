import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileLock, type Holder } from "../../src/results/lock.ts";

let dir = "";
let path = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-lock-"));
  path = join(dir, "lock");
});
afterEach(() => rmSync(dir, { recursive: true }));

const holderNow = (): Holder => JSON.parse(readFileSync(path, "utf8"));

/** What this process writes into a lock, with something else in it. */
async function forged(change: Partial<Holder>): Promise<void> {
  const lock = await taken();
  const holder = holderNow();
  await lock.release();
  writeFileSync(path, `${JSON.stringify({ ...holder, token: "other", ...change })}\n`);
}

async function taken(): Promise<FileLock> {
  const lock = await FileLock.take(path);
  if (!(lock instanceof FileLock)) throw new Error("the lock is free", { cause: lock });
  return lock;
}

describe("a lock", () => {
  it("is held by one, told by pid and host, and leaves no file behind", async () => {
    const lock = await taken();
    expect(await FileLock.take(path)).toMatchObject({ pid: process.pid, host: holderNow().host });
    expect(readdirSync(dir)).toEqual(["lock"]);
    await lock.release();
    await lock.release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it("goes to exactly one of many that want it at once", async () => {
    for (let round = 0; round < 20; round++) {
      await forged({ pid: 0x3fffff, started: "1" });
      const all = await Promise.all(Array.from({ length: 20 }, () => FileLock.take(path)));
      const holders = all.filter((one) => one instanceof FileLock);
      expect(holders).toHaveLength(1);
      expect(await holders[0]?.isOurs()).toBe(true);
      expect(readdirSync(dir)).toEqual(["lock"]);
      await holders[0]?.release();
    }
  });

  it.each<[string, Partial<Holder>, string | null]>([
    ["whose process ended", { pid: 0x3fffff }, null],
    ["whose pid is another process by now", { started: "1" }, null],
    ["that is damaged", {}, "{"],
  ])("%s is taken over", async (_what, change, text) => {
    await forged(change);
    if (text !== null) writeFileSync(path, text);
    const lock = await taken();
    expect(await lock.isOurs()).toBe(true);
    await lock.release();
  });

  it("of another machine is respected until that is silent for minutes", async () => {
    await forged({ machine: "elsewhere", host: "elsewhere", pid: 1 });
    expect(await FileLock.take(path)).toMatchObject({ host: "elsewhere" });
    const longAgo = Date.now() / 1000 - 600;
    utimesSync(path, longAgo, longAgo);
    await (await taken()).release();
    expect(existsSync(path)).toBe(false);
  });

  it("is taken over also where a process died while it took it over", async () => {
    await forged({ pid: 0x3fffff });
    copyFileSync(path, `${path}.turn`);
    await (await taken()).release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it("that was taken away is not its first holder's to remove", async () => {
    const first = await taken();
    rmSync(path);
    const second = await taken();
    expect([await first.isOurs(), await second.isOurs()]).toEqual([false, true]);
    await first.release();
    expect(await second.isOurs()).toBe(true);
    await second.release();
  });
});
