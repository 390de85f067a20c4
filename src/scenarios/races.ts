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
  /** How the first of two processes maps all eight pages, where not by mmap() of a resource file. */
  readonly maps?: Op;
  /** What is there before, beside that. */
  readonly setup?: readonly Op[];
  readonly both: Omit<Both, "op">;
  /** What shows afterwards what is left. */
  readonly later?: readonly Op[];
  /** Processes that end at last. */
  readonly ends?: readonly number[];
}

function scenario(tasks: Tasks): RaceScenario {
  const { name, title, both, setup = [], later = [], ends = [0, 1] } = tasks;
  const before = [spawn(0), spawn(1), tasks.maps ?? mmap(0, 0, 8, 0), ...setup];
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
    name: "zap-munmap",
    title: "a driver takes its pages back, by its own file, while a process unmaps them",
    maps: {
      op: "drv-mmap",
      proc: 0,
      at: 0,
      pages: 8,
      off: 0,
      prot: "rw",
      private: false,
      calls: [{ call: "remap", off: 0, pages: 0, pfn: 0, mode: "wc" }],
    },
    both: { a: [{ op: "drv-zap", proc: 1, off: 0, pages: 8 }], b: [munmap(0, 0, 8)] },
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
