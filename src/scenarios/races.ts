import { UserError } from "../usererror.ts";
import type { Op } from "../trace/op.ts";
import type { Both } from "../trace/both.ts";
import type { Race, RacedTrace } from "../trace/race.ts";
import { mmap, move, mprotect, munmap, spawn } from "./build.ts";

/** Two tasks whose schedules are worth a search. */
export interface RaceScenario {
  readonly name: string;
  /** What happens, in one line. */
  readonly title: string;
  readonly race: Race;
}

const revoke: Op = { op: "revoke", proc: 1 };
const exit = (proc: number): Op => ({ op: "exit", proc });

interface Tasks {
  readonly name: string;
  readonly title: string;
  /** What is there before, beside two processes, the first of which maps all eight pages. */
  readonly setup?: readonly Op[];
  readonly both: Omit<Both, "op">;
  /** What shows afterwards what is left. */
  readonly later?: readonly Op[];
  /** Processes that end at last. */
  readonly ends?: readonly number[];
}

function scenario({
  name,
  title,
  setup = [],
  both,
  later = [],
  ends = [0, 1],
}: Tasks): RaceScenario {
  const before = [spawn(0), spawn(1), mmap(0, 0, 8, 0), ...setup];
  const told: Both = { op: "both", ...both };
  const trace: RacedTrace = {
    format: "pfndiff/trace@1",
    name,
    world: { pfns: 8, vpages: 16, mtrr: "uncached" },
    ops: [...before, told, ...later, ...ends.map(exit)],
  };
  return { name, title, race: { trace, at: before.length, both: told } };
}

/** Every named race, in the order in which they are listed. */
export const RACE_SCENARIOS: readonly RaceScenario[] = [
  scenario({
    name: "revoke-munmap",
    title: "a device is revoked while a process unmaps it",
    both: { a: [revoke], b: [munmap(0, 0, 8)] },
  }),
  scenario({
    name: "revoke-munmap-shared",
    title: "the same, while another process maps the pages too",
    setup: [mmap(1, 0, 8, 0)],
    both: { a: [revoke], b: [munmap(0, 0, 8)] },
  }),
  scenario({
    name: "revoke-munmap-silent",
    title:
      "a device is revoked and mapped anew while a process unmaps it: the new reservation goes, and nothing is said",
    both: { a: [munmap(0, 0, 8)], b: [revoke, mmap(1, 0, 8, 0)] },
    later: [mmap(0, 8, 8, 0, { via: "resource_wc" })],
  }),
  scenario({
    name: "revoke-fork",
    title: "a device is revoked while a process that maps it forks",
    both: { a: [revoke], b: [{ op: "fork", proc: 0, child: 2 }] },
    ends: [0, 1, 2],
  }),
  scenario({
    name: "revoke-mremap",
    title: "a device is revoked while a process moves its mapping: WARN in untrack_pfn()",
    both: { a: [revoke], b: [move(0, 0, 8, 8)] },
  }),
  scenario({
    name: "revoke-mprotect",
    title:
      "a device is revoked while a process protects half of its mapping: a store to vm_flags is lost",
    both: { a: [revoke], b: [mprotect(0, 4, 4, "r")], points: "memory" },
  }),
  scenario({
    name: "revoke-exit",
    title: "a device is revoked while a process that maps it ends",
    both: { a: [revoke], b: [exit(0)] },
    ends: [1],
  }),
  scenario({
    name: "munmap-exit",
    title: "a process unmaps what its child, which ends, maps too: the last reference goes",
    setup: [{ op: "fork", proc: 0, child: 2 }],
    both: { a: [munmap(0, 0, 8)], b: [exit(2)], points: "memory" },
  }),
];

/** The race of a name. */
export function raceScenarioNamed(name: string): RaceScenario {
  const found = RACE_SCENARIOS.find((candidate) => candidate.name === name);
  if (found !== undefined) return found;
  const names = RACE_SCENARIOS.map((each) => each.name).join(", ");
  throw new UserError(`no scenario ${JSON.stringify(name)} of two tasks (there are ${names})`);
}
