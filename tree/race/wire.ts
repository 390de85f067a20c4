import { type Both, type Stop, type Task, TASKS, TURNS } from "../../src/trace/both.ts";
import { cattrName, type PageCacheMode } from "../../src/pat/cachemode.ts";
import type { Memtype } from "../../src/trace/recording.ts";
import { inOrder, type Race } from "../../src/trace/race.ts";
import { PAT_LOST } from "../shown.ts";
import { rowsOf } from "../../kernel/driverwire.ts";
import { encodeRequest, RECORD, textIn } from "../wire.ts";

/** Our half of what program/host/host.h agrees on about two tasks; a test compares the two. */
export const RACE_WORDS = 8;

/** What a program is to do with two tasks, by number. */
export const RACE_MODES = ["run", "search", "go-on"] as const;

/** Where a task may be stopped, in the order of enum pfndiff_point in program/pfndiff.h. */
export const PLACES = [
  "start",
  "call",
  "down_write",
  "up_write",
  "down_read",
  "up_read",
  "downgrade_write",
  "spin_lock",
  "spin_unlock",
  "folio_lock",
  "folio_unlock",
  "load",
  "store",
] as const;

/** A point that a task has passed. */
export interface RacePoint {
  readonly task: Task;
  /** Which of the task's points it is, from 1; 0 is its start. */
  readonly number: number;
  readonly place: (typeof PLACES)[number];
  readonly turn: (typeof TURNS)[number];
  /** How many ops the task has done. */
  readonly done: number;
  /** The lock, or what is accessed. */
  readonly lock: string | null;
  /** The kernel's functions, the innermost first. */
  readonly functions: readonly string[];
  /** What can be seen where the other task goes on; null where this one does. */
  readonly state: BetweenTasks | null;
}

/** The memtype list and the VMAs while calls are under way. */
export interface BetweenTasks {
  readonly memtype: readonly Memtype[];
  readonly vmas: readonly {
    readonly proc: number;
    readonly start: number;
    readonly end: number;
    readonly isPatLost: boolean;
  }[];
}

/** What a request asks for. */
export interface RaceRequest {
  readonly mode: (typeof RACE_MODES)[number];
  readonly points: NonNullable<Both["points"]>;
  /** Preemptions at most, and schedules of this slice; of a search only. */
  readonly bound?: number;
  readonly slice?: number;
  readonly schedule?: readonly Stop[];
}

/** A request for what comes of two tasks. */
export function encodeRace(race: Race, request: RaceRequest): Int32Array {
  const { world, ops } = inOrder(race, []);
  const plain = encodeRequest([{ world, ops }]);
  const { mode, points, bound = 0, slice = 0, schedule = [] } = request;
  const { a, b } = race.both;
  const more = [
    rowsOf(ops.slice(0, race.at)),
    a.length,
    b.length,
    RACE_MODES.indexOf(mode),
    points === "memory" ? 1 : 0,
    bound,
    slice,
    schedule.length,
    ...schedule.flatMap(({ task, point }) => [TASKS.indexOf(task), point]),
  ];
  const words = new Int32Array(plain.length + more.length);
  words.set(plain);
  words.set(more, plain.length);
  words[0] = words.length - 1;
  words[3] = (words[3] as number) + 4;
  return words;
}

/** An outcome of a search: how many schedules have it, and the shortest of them. */
export interface FoundOutcome {
  readonly schedules: number;
  /** Of the shortest; 0 where an order of whole ops has it. */
  readonly preemptions: number;
  readonly schedule: readonly Stop[];
}

/** How far a search is. */
export interface Searched {
  readonly isDone: boolean;
  readonly schedules: number;
  /** Choices of the schedule that has most. */
  readonly mostPoints: number;
  /** Schedules that the kernel's code did not come out of. */
  readonly deaths: number;
}

/** An answer's records about two tasks, and the rest of it, which is as of any trace. */
export interface RaceAnswer {
  readonly plain: Int32Array;
  readonly points: readonly RacePoint[];
  /** Whose the steps of the `both` are. */
  readonly order: readonly Task[];
  readonly outcomes: readonly FoundOutcome[];
  readonly searched: Searched | null;
}

const taskOf = (number: number): Task => (number === 0 ? "a" : "b");
const wide = (low: number, high: number) => low + high * 2 ** 31;

function stopsIn(words: Int32Array): Stop[] {
  const stops: Stop[] = [];
  for (let at = 0; at < words.length; at += 2) {
    stops.push({ task: taskOf(words[at] as number), point: words[at + 1] as number });
  }
  return stops;
}

/** What stands between the kernel's code and the place where a task is stopped, and is ours. */
const OURS =
  /^(host_|note_point|pfndiff_|lock_it|unlock_it|take$|access$|__tsan_|_raw_spin_|(down|up)_(read|write)|downgrade_write|__?folio_lock|folio_unlock|perform$|run_|trace_|k_)/;

function pointIn(words: Int32Array): RacePoint {
  const [task = 0, number = 0, place = 0, turn = 0, done = 0] = words;
  const [lock = "", ...lines] = textIn(words.subarray(5)).split("\n");
  const frames = lines.filter((line) => !/^[LV] /.test(line));
  return {
    task: taskOf(task),
    number,
    place: PLACES[place] ?? "call",
    turn: TURNS[turn] ?? "on",
    done,
    lock: lock === "" ? null : lock,
    functions: frames
      .map((frame) =>
        frame.replace(/\+0x[0-9a-f]+$/, "").replace(/\.(constprop|isra|part|cold).*$/, ""),
      )
      .filter((name) => !OURS.test(name)),
    state: TURNS[turn] === "on" ? null : stateIn(lines),
  };
}

function stateIn(lines: readonly string[]): BetweenTasks {
  const numbers = (letter: string) =>
    lines
      .filter((line) => line.startsWith(`${letter} `))
      .map((line) => line.slice(2).split(" ").map(Number));
  return {
    memtype: numbers("L").map(([start = 0, end = 0, mode = 0]) => ({
      start,
      end,
      type: cattrName(mode as PageCacheMode),
    })),
    vmas: numbers("V").map(([proc = 0, start = 0, end = 0, , flags = 0]) => ({
      proc,
      start,
      end,
      isPatLost: (flags & PAT_LOST) !== 0,
    })),
  };
}

/** Takes an answer apart. */
export function splitRaceAnswer(words: Int32Array): RaceAnswer {
  const points: RacePoint[] = [];
  const order: Task[] = [];
  const outcomes: FoundOutcome[] = [];
  const plain: Int32Array[] = [];
  let searched: Searched | null = null;
  for (let at = 0; at < words.length; ) {
    const end = at + 2 + (words[at + 1] as number);
    const body = words.subarray(at + 2, end);
    const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0, sixth = 0] = body;
    switch (words[at]) {
      case RECORD.RACED:
        order.push(taskOf(first));
        break;
      case RECORD.POINT:
        points.push(pointIn(body));
        break;
      case RECORD.OUTCOME:
        outcomes.push({
          schedules: wide(first, second),
          preemptions: third,
          schedule: stopsIn(body.subarray(3)),
        });
        break;
      case RECORD.SEARCHED:
        searched = {
          isDone: first === 1,
          schedules: wide(second, third),
          mostPoints: fourth,
          deaths: wide(fifth, sixth),
        };
        break;
      default:
        plain.push(words.subarray(at, end));
    }
    at = end;
  }
  const all = new Int32Array(plain.reduce((sum, { length }) => sum + length, 0));
  let to = 0;
  for (const part of plain) {
    all.set(part, to);
    to += part.length;
  }
  return { plain: all, points, order, outcomes, searched };
}
