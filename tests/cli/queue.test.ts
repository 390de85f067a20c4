import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IS_LONG } from "../long.ts";
import { run } from "./run.ts";

const BUNDLE = "dist/pfndiff.js";
const RANGES = IS_LONG ? 30 : 10;
const RUNS = ["--runs", `${20 * RANGES}`, "--seed", "9"];
const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
const mustHave = process.env["PFNDIFF_REQUIRE_REDIS"] === "1";
const execute = promisify(execFile);

let dir = "";
let url = "";
const children: ChildProcess[] = [];

function start(command: string, args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: "ignore" });
  children.push(child);
  return child;
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        resolve(address !== null && typeof address === "object" ? address.port : 0),
      );
    });
  });

const pfndiff = (...args: string[]) => execute("node", [BUNDLE, ...args]);
const worker = () => start("node", [BUNDLE, "queue", "worker", "--redis", url, "--stalled", "1"]);

/** How many ranges of each kind the queue holds. */
async function status(): Promise<Record<string, number>> {
  return JSON.parse((await pfndiff("queue", "status", "--redis", url, "--json")).stdout);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds().catch(() => false))) await new Promise((done) => setTimeout(done, 300));
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-queue-"));
  const port = await freePort();
  url = `redis://127.0.0.1:${port}`;
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(dir, { recursive: true });
});

describe("a queue", () => {
  it("that is not there is one line, and status 4", async () => {
    const { status, err } = await run(["queue", "status", "--redis", url]);
    expect(status).toBe(4);
    expect(err).toMatch(/^pfndiff: no Redis at 127\.0\.0\.1:\d+: [^\n]*\n$/);
  });

  it("needs a redis URL, and does not print what is secret in one", async () => {
    const { status, err } = await run(["queue", "status", "--redis", "http://u:secret@h"]);
    expect(status).toBe(2);
    expect(err).not.toContain("secret");
  });

  it.runIf(!hasRedis && !mustHave)("SKIPPED the rest: there is no redis-server here", () => {
    expect(hasRedis).toBe(false);
  });

  it.runIf(hasRedis || mustHave)("that has no memory left is one line, and status 4", async () => {
    const port = String(await freePort());
    const tiny = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--maxmemory", "1mb"];
    const server = start("redis-server", [...tiny, "--dir", dir]);
    const full = ["--redis", `redis://127.0.0.1:${port}`];
    await until(async () => (await run(["queue", "status", ...full])).status === 0);
    const { status, err } = await run(["queue", "start", ...full, "--out", join(dir, "full")]);
    server.kill("SIGKILL");
    expect(status).toBe(4);
    expect(err).toMatch(/^pfndiff: Redis at [^\n]* refuses: OOM [^\n]*\n$/m);
  });

  it.runIf((hasRedis && IS_LONG) || mustHave)(
    "whose worker is killed mid-way ends with the digest of a local run; twice is harmless",
    async () => {
      const port = new URL(url).port;
      const quiet = ["--bind", "127.0.0.1", "--save", "", "--dir", dir];
      start("redis-server", ["--port", port, ...quiet]);
      await until(async () => (await status())["workers"] === 0);
      const victim = worker();
      const whole = (name: string) =>
        pfndiff(
          "queue",
          "start",
          "--redis",
          url,
          ...RUNS,
          "--chunk",
          "20",
          "--json",
          "--out",
          join(dir, name),
        ).catch((error: { stdout: string }) => error);
      const twice = Promise.all([whole("first"), whole("second")]);
      await until(async () => ((await status())["completed"] ?? 0) > 0);
      victim.kill("SIGKILL");
      worker();
      const [first, second] = (await twice).map(({ stdout }) => JSON.parse(stdout).digest);
      const local = await run(["fuzz", ...RUNS, "--json", "--out", join(dir, "local")]);
      expect(first).toBe(JSON.parse(local.out).digest);
      expect(second).toBe(first);
      expect(await status()).toMatchObject({ waiting: 0, active: 0, completed: RANGES, failed: 0 });
    },
    240_000,
  );
});
