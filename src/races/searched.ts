import type { Race } from "../trace/race.ts";
import type { Recording } from "../trace/recording.ts";
import type { RaceOutcome } from "./document.ts";
import { judgeRace, lastOf, type RanInOrder, stepsOf } from "./judged.ts";

/** A schedule of an outcome, and how many share it. */
interface Counted {
  readonly schedules: number;
  readonly preemptions: number;
  readonly schedule: RaceOutcome["schedule"];
}

/** An outcome of two tasks as it is told, from the run of its shortest schedule. */
export function raceOutcome(
  race: Race,
  { schedules, preemptions, schedule }: Counted,
  ran: RanInOrder,
  orders: readonly RanInOrder[],
): RaceOutcome {
  const { findings, differs, signature } = judgeRace(race, ran, orders);
  const both = { a: stepsOf(race, ran, "a"), b: stepsOf(race, ran, "b") };
  const last = stepAfter(race, ran.recording);
  return {
    signature,
    schedules,
    preemptions,
    schedule: [...schedule],
    findings: findings
      .map(({ symptom, detail }) => ({ symptom, detail }))
      .filter((one, index, all) => all.findIndex((other) => saysSame(one, other)) === index),
    differs: [...differs],
    results: { a: both.a.map(({ result }) => result), b: both.b.map(({ result }) => result) },
    events: {
      a: both.a.flatMap(({ events }) => events),
      b: both.b.flatMap(({ events }) => events),
    },
    memtype: last.memtype,
    vmas: last.vmas,
  };
}

type Told = RaceOutcome["findings"][number];

/** Whether two findings, of two steps, read alike. */
const saysSame = (one: Told, other: Told) =>
  one.symptom === other.symptom && one.detail === other.detail;

function stepAfter(race: Race, recording: Recording): Recording["steps"][number] {
  const step = recording.steps[lastOf(race)];
  if (step === undefined) throw new Error("a recording without its steps");
  return step;
}
