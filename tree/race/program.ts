import { KernelUnavailable } from "../../kernel/unavailable.ts";
import type { Both, Stop, Task } from "../../src/trace/both.ts";
import { inOrder, type Race } from "../../src/trace/race.ts";
import type { Design, Recording } from "../../src/trace/recording.ts";
import { isDriverOp } from "../../src/trace/driverkinds.ts";
import { UserError } from "../../src/usererror.ts";
import { unfitForTree } from "../backend.ts";
import { ProgramEnded, TreeChild } from "../child.ts";
import { recordingOf } from "../recording.ts";
import { encodeRequest, RECORD, STOPS, textIn } from "../wire.ts";
import {
  encodeRace,
  type FoundOutcome,
  type RaceAnswer,
  type RacePoint,
  type RaceRequest,
  type Searched,
  splitRaceAnswer,
} from "./wire.ts";

type Points = NonNullable<Both["points"]>;

/** What a search is bounded by. */
export interface SearchBounds {
  /** How often at most a task is stopped inside of a call. */
  readonly preemptions: number;
  readonly points: Points;
}

/** All schedules up to a bound, by what comes of them. */
export interface RaceSearch extends Searched {
  /** In the order in which they were found. */
  readonly outcomes: readonly FoundOutcome[];
}

/** One schedule, as it ran. */
export interface RaceRun {
  /** Of the trace in the order in which its ops came to their ends, each with what could be seen then. */
  readonly recording: Recording;
  /** Whose the ops of the `both` are, in that order. */
  readonly order: readonly Task[];
  readonly points: readonly RacePoint[];
  /** Its stops, each with what the task did there. */
  readonly schedule: readonly Stop[];
}

/** Schedules of a slice of a search: so many at a time, between which it says how far it is. */
const SLICE = 20_000;

/** What a task does at a point, in words that name it on any tree of that code. */
export function pointText({ place, lock, functions }: RacePoint): string {
  if (place === "start") return "before its first op";
  if (place === "call") return "between two ops";
  const isAfter = /^up_|unlock|downgrade/.test(place);
  const where = functions.slice(0, 3).join(" < ");
  const what = lock === null ? place : `${place}(${lock})`;
  return `${isAfter ? "after" : "before"} ${what}${where === "" ? "" : ` in ${where}`}`;
}

/** A tree's program that was built to run two tasks by turns. */
export class RaceProgram {
  private child: TreeChild | null = null;

  constructor(
    readonly id: string,
    private readonly path: string,
  ) {}

  private running(): TreeChild {
    return (this.child ??= new TreeChild(this.path, null));
  }

  /** Such as 6.12.117. */
  get release(): string {
    return this.running().hello.release;
  }

  get design(): Design {
    return this.running().hello.hasVmPat ? "vm-pat" : "kref";
  }

  /** Throws UserError for what no tree can run. */
  requireFit(race: Race): void {
    const why = unfitForTree(inOrder(race, []));
    if (why !== null) throw new UserError(`${this.id}: ${why}`);
    // What a handler is to do is told to one op at a time; a zap calls none.
    const driver = [...race.both.a, ...race.both.b].find(
      (op) => isDriverOp(op) && op.op !== "drv-zap",
    );
    if (driver === undefined) return;
    throw new UserError(`${this.id}: ${driver.op} cannot run beside another task`);
  }

  /** Runs every schedule up to a bound; `watch` is told how far it is and may end it. */
  search(race: Race, bounds: SearchBounds, watch: (sofar: Searched) => boolean): RaceSearch | null {
    this.requireFit(race);
    const { preemptions: bound, points } = bounds;
    for (let mode: RaceRequest["mode"] = "search"; ; mode = "go-on") {
      const { searched, outcomes } = this.ask(race, { mode, points, bound, slice: SLICE });
      if (searched === null) throw new Error("a search without an end");
      if (searched.isDone) return { ...searched, outcomes };
      if (!watch(searched)) return null;
    }
  }

  /** Runs one schedule. Throws UserError where it does not fit the tree. */
  run(race: Race, schedule: readonly Stop[], points: Points): RaceRun {
    this.requireFit(race);
    const answer = this.ask(race, { mode: "run", points, schedule });
    const stopped = answer.points.filter(({ turn }) => turn === "stopped");
    const found = schedule.map(({ task, point, at }) => {
      const passed = stopped.find((each) => each.task === task && each.number === point);
      const does = passed === undefined ? null : pointText(passed);
      if (does === null || (at !== undefined && at !== does)) {
        throw new UserError(
          `${this.id}: the schedule does not fit this tree: ${task} is ${does ?? "never stopped"} at point ${point}${at === undefined ? "" : `, not ${at}`}`,
        );
      }
      return { task, point, at: does };
    });
    const trace = inOrder(race, answer.order);
    const { id, release, design } = this;
    const recording = recordingOf({ trace, words: answer.plain }, { id, release, design });
    return { recording, order: answer.order, points: answer.points, schedule: found };
  }

  /** Runs the ops whole, in this order: a task is stopped between two of them and nowhere else. */
  runOrder(race: Race, order: readonly Task[]): RaceRun {
    const plain = { ...race.trace, ops: inOrder(race, order).ops };
    const words = this.receiveFor(encodeRequest([plain]));
    const { id, release, design } = this;
    const recording = recordingOf({ trace: plain, words }, { id, release, design });
    return { recording, order, points: [], schedule: [] };
  }

  close(): void {
    this.child?.close();
    this.child = null;
  }

  private ask(race: Race, request: RaceRequest): RaceAnswer {
    const answer = splitRaceAnswer(this.receiveFor(encodeRace(race, request)));
    this.refuse(answer);
    return answer;
  }

  private receiveFor(request: Int32Array): Int32Array {
    const child = this.running();
    try {
      child.send(request);
      return child.receive();
    } catch (error) {
      if (!(error instanceof ProgramEnded)) throw error;
      this.close();
      throw new KernelUnavailable(`${this.id}: its program ended`, "see docs/RACES.md");
    }
  }

  /** That the glue does not do for a tree is nobody's finding. */
  private refuse({ plain }: RaceAnswer): void {
    for (let at = 0; at < plain.length; at += 2 + (plain[at + 1] as number)) {
      const kind = STOPS[plain[at + 2] as number];
      if (plain[at] !== RECORD.STOP || (kind !== "stub" && kind !== "unfit")) continue;
      const text = textIn(plain.subarray(at + 3, at + 2 + (plain[at + 1] as number)));
      throw new KernelUnavailable(
        `${this.id} cannot run this: ${text.split("\n").join(" < ")}`,
        "see docs/TREES.md",
      );
    }
  }
}
