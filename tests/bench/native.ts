/**
 * The speed of `pfndiff bench` beside that of a C program that does the same work, native/native.c:
 * `npm run build && npx tsx tests/bench/native.ts [--seconds N] [--rounds N] [--json]`. A round is
 * the C program, a bench, and the C program again; the rounds are short and many, and their median
 * counts, so that a machine that changes its clock changes it for both. Speeds are divided by the share of a core that they were measured with,
 * or a busy machine would decide; `byClock` in the JSON is without that. It fails where a bar is missed,
 * and where the machine is too busy to tell.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { hasGcc, withNative } from "./native/compile.ts";
import { campaignMix, type Mix, type NativeRun, nativeMix, runNative } from "./native/mix.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/pfndiff.js", import.meta.url));
/** How many traces are ready where generation is left out, as in the bench. */
const READY = 200;
/** How many traces tell the mix of our generator. */
const MIX_RUNS = 2_000;
/** With less of a core, the time of a bench ends before the engine has compiled what it measures. */
const LEAST_SHARE = 0.4;
/** What must be reached: shares of the native figure, and a multiple of fc.commands. */
const BARS = { differential: 1 / 3, campaign: 1 / 4, campaignOfCommands: 4 } as const;
type Bar = keyof typeof BARS;
const BAR_NAMES = Object.keys(BARS) as Bar[];
const TITLES: Readonly<Record<Bar, string>> = {
  differential: "differential / native",
  campaign: "campaign / native",
  campaignOfCommands: "campaign / fc.commands",
};

const speed = z.object({ opsPerSec: z.number(), cores: z.number() });
const benchSchema = z.object({ differential: speed, campaign: speed, fcCommands: speed });
type Ours = z.infer<typeof benchSchema>;
type Speed = z.infer<typeof speed>;

interface Round {
  readonly load: number;
  /** With generation: before and after the bench. */
  readonly native: readonly [NativeRun, NativeRun];
  /** On ready traces: a step without the generator. */
  readonly nativeReady: NativeRun;
  readonly ours: Ours;
  readonly ratios: Readonly<Record<Bar, number>>;
  readonly byClock: Readonly<Record<Bar, number>>;
}

function runBench(seconds: number): Ours {
  const options = ["bench", "--json", "--time", String(seconds)];
  const output = execFileSync(process.execPath, [PROGRAM, ...options], { encoding: "utf8" });
  return benchSchema.parse(JSON.parse(output));
}

/** Threads of the engine's own can make it more than one core; the work is that of one. */
const shareOf = ({ cores }: Speed) => Math.min(1, cores);
const byProcessor = (speed: Speed) => speed.opsPerSec / shareOf(speed);
const byClock = ({ opsPerSec }: Speed) => opsPerSec;

function ratiosOf(
  native: number,
  { differential, campaign, fcCommands }: Ours,
  by: (speed: Speed) => number,
): Record<Bar, number> {
  return {
    differential: by(differential) / native,
    campaign: by(campaign) / native,
    campaignOfCommands: by(campaign) / by(fcCommands),
  };
}

function round(program: string, seconds: number): Round {
  const first = runNative(program, seconds, 0);
  const nativeReady = runNative(program, seconds, READY);
  const ours = runBench(seconds);
  const second = runNative(program, seconds, 0);
  const mean = (key: "stepsPerSec" | "stepsPerProcessorSec") => (first[key] + second[key]) / 2;
  return {
    load: loadavg()[0] ?? 0,
    native: [first, second],
    nativeReady,
    ours,
    ratios: ratiosOf(mean("stepsPerProcessorSec"), ours, byProcessor),
    byClock: ratiosOf(mean("stepsPerSec"), ours, byClock),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] as number)) / 2;
}

function mediansOf(rounds: readonly Round[], by: "ratios" | "byClock"): Record<Bar, number> {
  const of = (bar: Bar) => median(rounds.map((each) => each[by][bar]));
  return {
    differential: of("differential"),
    campaign: of("campaign"),
    campaignOfCommands: of("campaignOfCommands"),
  };
}

function isQuiet(rounds: readonly Round[]): boolean {
  return rounds.every(({ ours }) =>
    Object.values(ours).every((part) => shareOf(part) >= LEAST_SHARE),
  );
}

const million = (steps: number) => (steps / 1e6).toFixed(2);

function nativeLine(name: string, runs: readonly NativeRun[]): string {
  const speeds = runs.map(({ stepsPerProcessorSec }) => stepsPerProcessorSec);
  const best = million(Math.max(...speeds));
  return `${name}: best ${best}, median ${million(median(speeds))} million steps a second`;
}

function oursLine(name: "differential" | "campaign" | "fcCommands", rounds: readonly Round[]) {
  const speeds = rounds.map(({ ours }) => byProcessor(ours[name]));
  const best = million(Math.max(...speeds));
  const shares = rounds.map(({ ours }) => shareOf(ours[name]).toFixed(2)).join(", ");
  return `${name}: best ${best}, median ${million(median(speeds))} million ops a second (share of a core ${shares})`;
}

function mixLine(name: string, { length, before, after }: Mix): string {
  const success = `${before.toFixed(1)} % succeed before, ${after.toFixed(1)} % after`;
  return `${name}: ${length.toFixed(1)} ops a trace, ${success}`;
}

function text(rounds: readonly Round[], medians: Readonly<Record<Bar, number>>): string[] {
  const natives = rounds.flatMap(({ native }) => native);
  const loads = rounds.map(({ load }) => load.toFixed(1));
  const mixes = [
    ["native traces", nativeMix((natives as [NativeRun])[0])],
    ["our traces", campaignMix(1, MIX_RUNS)],
  ] as const;
  const clock = mediansOf(rounds, "byClock");
  return [
    ...(isQuiet(rounds) ? [] : ["The machine is too busy: what follows says little of our speed."]),
    `${rounds.length} rounds; load ${loads.join(", ")}`,
    nativeLine("native", natives),
    nativeLine(
      "native on ready traces",
      rounds.map(({ nativeReady }) => nativeReady),
    ),
    ...mixes.map(([name, mix]) => mixLine(name, mix)),
    oursLine("differential", rounds),
    oursLine("campaign", rounds),
    oursLine("fcCommands", rounds),
    ...BAR_NAMES.map((bar) => {
      const isMet = medians[bar] >= BARS[bar] ? "met" : "MISSED";
      const ratio = `${medians[bar].toFixed(3)}, by the clock ${clock[bar].toFixed(3)}`;
      return `${TITLES[bar]}: ${ratio} (bar ${BARS[bar].toFixed(3)}: ${isMet})`;
    }),
  ];
}

function refuse(why: string): never {
  console.error(`native: ${why}`);
  process.exit(2);
}

function positive(value: string, name: string): number {
  const number = Number(value);
  return number > 0 && Number.isFinite(number)
    ? number
    : refuse(`--${name} must be a number above 0, not ${value}`);
}

function given() {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: "string", default: "1" },
        rounds: { type: "string", default: "9" },
        json: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const { json, ...numbers } = given();
const seconds = positive(numbers.seconds, "seconds");
const wanted = Math.ceil(positive(numbers.rounds, "rounds"));
if (!hasGcc) refuse("there is no gcc to compile the C program with");
if (!existsSync(PROGRAM)) refuse("there is no dist/pfndiff.js: run npm run build");
const rounds = withNative((program) =>
  Array.from({ length: wanted }, () => round(program, seconds)),
);
const medians = mediansOf(rounds, "ratios");
console.log(
  json
    ? JSON.stringify({ quiet: isQuiet(rounds), bars: BARS, medians, rounds })
    : text(rounds, medians).join("\n"),
);
const isMet = BAR_NAMES.every((bar) => medians[bar] >= BARS[bar]);
process.exitCode = isMet && isQuiet(rounds) ? 0 : 1;
