import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  digestOf,
  type Ended,
  hold,
  journalOf,
  type Ordeal,
  pfndiff,
  start,
  untilLines,
} from "./harness.ts";

/** A campaign to torment, and the digest that it must come to. */
async function victim({ dir, draw, note }: Ordeal) {
  const drawn = { runs: draw(120, 320), seed: draw(0, 999), jobs: draw(1, 2) };
  const options = Object.entries(drawn).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const campaign = [...options, "--json"];
  note(`fuzz ${campaign.join(" ")}`);
  const whole = digestOf(await pfndiff("fuzz", ...campaign, "--out", join(dir, "whole")));
  return { campaign, whole };
}

/** Starts or resumes, and ends it by a signal once its journal has grown. */
async function cut({ dir, draw, note }: Ordeal, campaign: readonly string[]): Promise<Ended> {
  const out = join(dir, "out");
  const isBegun = readdirSync(dir).includes("out");
  const args = isBegun ? ["--resume", out, "--json"] : [...campaign, "--out", out];
  const { child, ended } = start(["fuzz", ...args]);
  const [lines, ms] = [draw(1, 6), draw(0, 150)];
  const signal = (["SIGKILL", "SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"] as const)[draw(0, 4)];
  note(`${signal} ${ms} ms after line ${lines}`);
  await untilLines(out, lines, child);
  await sleep(ms);
  child.kill(signal);
  const outcome = await ended;
  const isDone = outcome.status === 0;
  const isCut = outcome.status === (signal === "SIGKILL" ? null : 130);
  hold(isDone || isCut, `${signal} ended it with ${outcome.status}: ${outcome.err}`);
  return outcome;
}

/** Goes on to the end. */
const finish = async ({ dir }: Ordeal) =>
  digestOf(await pfndiff("fuzz", "--resume", join(dir, "out"), "--json"));

/** Signals at any moment, and a journal torn where a crash may tear it. */
async function kills(ordeal: Ordeal): Promise<void> {
  const { draw, note, dir } = ordeal;
  const { campaign, whole } = await victim(ordeal);
  for (let times = draw(1, 4); times > 0; times--) {
    await cut(ordeal, campaign);
    const path = journalOf(join(dir, "out"));
    const text = readFileSync(path, "utf8");
    const planEnd = text.indexOf("\n") + 1;
    const torn = Math.min(draw(0, 60), text.length - planEnd);
    note(`torn by ${torn} characters`);
    writeFileSync(path, text.slice(0, text.length - torn));
  }
  hold((await finish(ordeal)) === whole, "another digest than without kills");
}

/** Several that go on with one journal at once, beside a dead one's lock; and two new campaigns. */
async function locks(ordeal: Ordeal): Promise<void> {
  const { dir, draw, note } = ordeal;
  const { campaign, whole } = await victim(ordeal);
  await cut(ordeal, campaign);
  const out = join(dir, "out");
  const many = draw(2, 4);
  note(`${many} go on at once`);
  const resumes = Array.from({ length: many }, () => pfndiff("fuzz", "--resume", out, "--json"));
  const outcomes = await Promise.all(resumes);
  const won = outcomes.filter(({ status }) => status === 0);
  hold(won.length > 0, "nobody got the lock");
  for (const outcome of won) hold(digestOf(outcome) === whole, "another digest than alone");
  for (const { status, err } of outcomes) {
    const isRefused = status === 2 && /^pfndiff: [^\n]* is at work on it[^\n]*\n$/.test(err);
    hold(status === 0 || isRefused, `status ${status}: ${err}`);
  }
  const news = Array.from({ length: 2 }, () => pfndiff("fuzz", ...campaign, "--out", out));
  for (const outcome of await Promise.all(news)) {
    hold(digestOf(outcome) === whole, "two in one folder disturb each other");
  }
  const left = readdirSync(out).filter((name) => name.includes(".lock"));
  hold(left.length === 0, `left behind: ${left.join(", ")}`);
}

/** A disk that takes only so many KiB of a file. */
async function disk(ordeal: Ordeal): Promise<void> {
  const { dir, draw, note } = ordeal;
  const { campaign, whole } = await victim(ordeal);
  const room = draw(3, 60);
  note(`files of at most ${room} KiB`);
  const limit = `trap '' XFSZ; ulimit -f ${room}; `;
  const out = join(dir, "out");
  const full = await start(["fuzz", ...campaign, "--out", out], { limit }).ended;
  if (full.status !== 0) {
    hold(full.status === 2 && full.out === "", `status ${full.status}: ${full.err}`);
    const last = full.err.trimEnd().split("\n").at(-1) ?? "";
    hold(/^pfndiff: .*: .*(limit|space)/.test(last), `it says ${full.err}`);
  }
  hold((await finish(ordeal)) === whole, "another digest than with room");
}

/** A clock that goes back between two parts of a campaign, by a second or by years. */
async function clock(ordeal: Ordeal): Promise<void> {
  const { dir, draw, note } = ordeal;
  const { campaign, whole } = await victim(ordeal);
  await cut(ordeal, campaign);
  const seconds = 10 ** draw(0, 8);
  note(`the clock goes back by ${seconds} s`);
  const out = join(dir, "out");
  // The files are as far in the future as the clock has gone back, and so is what it shows.
  const future = new Date(Date.now() + seconds * 1000);
  for (const name of readdirSync(out, { recursive: true, encoding: "utf8" })) {
    utimesSync(join(out, name), future, future);
  }
  const back = `const now = Date.now; Date.now = () => now() - ${seconds * 1000};`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(back)}` };
  const resumed = await start(["fuzz", "--resume", out, "--json"], { env }).ended;
  hold(digestOf(resumed) === whole, "another digest than with a steady clock");
  const report = await start(["report", out, "--format", "json"], { env }).ended;
  const latest = JSON.parse(report.out).digest;
  hold(report.status === 0 && latest === whole, `the latest campaign is ${latest}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        resolve(address !== null && typeof address === "object" ? address.port : 0),
      );
    });
  });
}

/** A Redis that stands still, then is killed under a campaign, and comes back empty. */
async function redis(ordeal: Ordeal): Promise<void> {
  const { dir, draw, note } = ordeal;
  const { campaign, whole } = await victim(ordeal);
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const serve = () => {
    const quiet = ["--bind", "127.0.0.1", "--save", "", "--dir", dir];
    return spawn("redis-server", ["--port", String(port), ...quiet], { stdio: "ignore" });
  };
  const jobless = campaign.filter((word, at) => word !== "--jobs" && campaign[at - 1] !== "--jobs");
  const queue = (name: string) => {
    const chunk = ["--chunk", "20", "--out", join(dir, name)];
    return start(["queue", "start", "--redis", url, ...jobless, ...chunk]);
  };
  const children: ChildProcess[] = [];
  try {
    let server = serve();
    children.push(server);
    while ((await pfndiff("queue", "status", "--redis", url)).status !== 0) await sleep(50);
    const worker = start(["queue", "worker", "--redis", url, "--stalled", "1"]);
    children.push(worker.child);
    const first = queue("first");
    children.push(first.child);
    await untilLines(join(dir, "first"), draw(1, 3), first.child);
    const still = draw(100, 1500);
    note(`Redis stands still for ${still} ms`);
    server.kill("SIGSTOP");
    await sleep(still);
    server.kill("SIGCONT");
    await untilLines(join(dir, "first"), draw(2, 5), first.child);
    note("and is killed, with all that it held");
    server.kill("SIGKILL");
    server = serve();
    children.push(server);
    const lost = await Promise.race([first.ended, sleep(60_000)]);
    hold(lost !== undefined, "a campaign whose Redis has lost everything hangs");
    if (lost.status === 0) hold(digestOf(lost) === whole, "another digest than alone");
    else hold(lost.status === 4 || lost.status === 2, `status ${lost.status}: ${lost.err}`);
    hold(digestOf(await queue("second").ended) === whole, "another digest than alone");
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

const hasRedis = () => spawnSync("redis-server", ["--version"]).status === 0;

/** Every ordeal by its name, and why it cannot be had here, or null. */
export const ORDEALS: Readonly<
  Record<string, { run(ordeal: Ordeal): Promise<void>; missing(): string | null }>
> = {
  kills: { run: kills, missing: () => null },
  locks: { run: locks, missing: () => null },
  disk: { run: disk, missing: () => null },
  clock: { run: clock, missing: () => null },
  redis: { run: redis, missing: () => (hasRedis() ? null : "there is no redis-server here") },
};
