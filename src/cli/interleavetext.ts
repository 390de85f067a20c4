import { eventText, opText, resultText, vmaText } from "../../reports/optext.ts";
import { grouped, plural } from "../../reports/numbers.ts";
import { areasText, listText } from "../../reports/racetext.ts";
import type {
  InterleaveDocument,
  LanePoint,
  RaceOutcome,
  ScheduleDocument,
} from "../races/document.ts";
import { byRaceSeverity } from "../races/roots.ts";
import { TASKS, type Task } from "../trace/both.ts";
import type { Race } from "../trace/race.ts";

function tasksText({ both }: Race): string[] {
  return TASKS.map((task) => `  ${task}: ${both[task].map(opText).join("; ")}`);
}

function headText({ trace, on, bounds }: InterleaveDocument): string {
  const { preemptions, points } = bounds;
  const where = points === "locks" ? "at locks" : "at locks and accesses of VMAs";
  return `${trace.name} on ${on.backend} (${on.release}): every schedule with at most ${plural(preemptions, "preemption")}, ${where}`;
}

function countText({ schedules, outcomes, sequential, races, deaths }: InterleaveDocument): string {
  const died = deaths === 0 ? "" : `; ${deaths} that the kernel's code did not come out of`;
  return `${plural(schedules, "schedule")}, ${plural(outcomes, "outcome")}: ${sequential} that an order of whole ops gives, ${races.length} that none gives${died}`;
}

function stopsText(outcome: RaceOutcome): string[] {
  return outcome.schedule.map(
    ({ task, point, at = "" }) => `   ${task} is stopped at point ${point}, ${at}`,
  );
}

/** What the ops of a task returned, and what the kernel said while it was in them. */
function taskText(race: Race, outcome: RaceOutcome, task: Task): string {
  const ops = race.both[task].map((op, index) => {
    const result = outcome.results[task][index];
    return `${opText(op)}: ${result === undefined ? "not come out" : resultText(result)}`;
  });
  return `   ${task}: ${[...ops, ...outcome.events[task].map(eventText)].join("; ")}`;
}

function stateText({ memtype, vmas }: RaceOutcome): string {
  const processes = Object.entries(vmas).map(
    ([proc, some]) => `p${proc} ${some.length === 0 ? "no VMA" : some.map(vmaText).join(", ")}`,
  );
  return `   then: memtype list ${listText(memtype)}; ${processes.join("; ")}`;
}

function outcomeLines(race: Race, outcome: RaceOutcome): string[] {
  return [
    ...stopsText(outcome),
    ...TASKS.map((task) => taskText(race, outcome, task)),
    stateText(outcome),
    ...outcome.findings.map(({ symptom, detail }) => `   ${symptom}: ${detail}`),
    ...(outcome.findings.length === 0
      ? [`   no order of whole ops has these: ${outcome.differs.join(", ")}`]
      : []),
  ];
}

/** What a search has found, each outcome that no order gives with its shortest schedule. */
export function interleaveText(race: Race, document: InterleaveDocument): string {
  const outcomes = document.races.flatMap((outcome, index) => [
    "",
    `${index + 1}. ${outcome.signature}: in ${plural(outcome.schedules, "schedule")}, ${plural(outcome.preemptions, "preemption")} at least`,
    ...outcomeLines(race, outcome),
  ]);
  return `${[headText(document), ...tasksText(race), countText(document), ...outcomes].join("\n")}\n`;
}

/** Searches of one tree, as the rows of a Markdown table. */
export function scenariosText(documents: readonly InterleaveDocument[]): string {
  const rows = documents.map(({ trace, on, bounds, schedules, outcomes, races }) => {
    const signatures = [...new Set(races.map(({ signature }) => signature))].join(", ");
    const where = `${on.release} | ${trace.name}, ${bounds.points}, ${bounds.preemptions}`;
    return `| ${where} | ${schedules} | ${outcomes} | ${races.length} | ${signatures} |`;
  });
  const head =
    "| release | scenario, points, preemptions | schedules | outcomes | races | the gravest of each |";
  return `${[head, `${"| --- ".repeat(6)}|`, ...rows].join("\n")}\n`;
}

/** The gravest symptom of a race outcome, without the ops that it took. */
export const symptomOf = (signature: string) => signature.split(":")[0] ?? signature;

const schedulesOf = ({ races }: InterleaveDocument, signature: string) =>
  races.reduce((sum, race) => sum + (race.signature === signature ? race.schedules : 0), 0);

/** What became of the outcomes that no order gives, from one tree to another. */
export function comparisonText(
  race: Race,
  before: InterleaveDocument,
  after: InterleaveDocument,
): string {
  const signatures = new Set([...before.races, ...after.races].map(({ signature }) => signature));
  const rows = [...signatures]
    .map((signature) => {
      const [was, is] = [schedulesOf(before, signature), schedulesOf(after, signature)];
      const verdict = was === 0 ? "introduced" : is === 0 ? "fixed" : "kept";
      const text = `  ${verdict}:${signature}, in ${plural(was, "schedule")} before, ${grouped(is)} after`;
      return { verdict, signature, symptom: symptomOf(signature), text };
    })
    .sort(byRaceSeverity);
  const introduced = after.races.filter(({ signature }) => schedulesOf(before, signature) === 0);
  const lines = [
    headText(before),
    `  ${countText(before)}`,
    headText(after),
    `  ${countText(after)}`,
    ...tasksText(race),
    ...(rows.length === 0
      ? ["no outcome on either that no order of whole ops gives"]
      : rows.map(({ text }) => text)),
    ...introduced.flatMap((outcome) => [
      "",
      `introduced:${outcome.signature}`,
      ...outcomeLines(race, outcome),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** The other lane begins here. */
const LANE = 58;

/** What stands between two tasks: the list, and each VMA with whether it is tracked, where the design has a flag for that. */
function betweenText({ memtype, vmas }: NonNullable<LanePoint["state"]>): string {
  return `| memtype ${listText(memtype)}; ${areasText(vmas)}`;
}

function laneText({ task, number, turn, does, state }: LanePoint): string {
  const marks = { on: " ", stopped: "*", waits: "!", through: " " } as const;
  const words = { on: "", stopped: ", stopped", waits: ", waits", through: "" } as const;
  const text = `${marks[turn]}${String(number).padStart(3)} ${does}${words[turn]}`;
  const lines = state === null ? [text] : [text, `     ${betweenText(state)}`];
  return lines.map((line) => (task === "a" ? line : `${" ".repeat(LANE)}${line}`)).join("\n");
}

/** A schedule point by point, in two lanes, and what came of it. */
export function scheduleText(race: Race, { on, points, outcome }: ScheduleDocument): string {
  const lines = [
    `${race.trace.name} on ${on.backend} (${on.release})`,
    ...tasksText(race),
    "",
    ...points.map(laneText),
    "",
    ...(outcome.differs.length === 0
      ? ["an order of whole ops gives the same"]
      : [`${outcome.signature}: no order of whole ops gives this`, ...outcomeLines(race, outcome)]),
  ];
  return `${lines.join("\n")}\n`;
}
