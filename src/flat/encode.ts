import type { Fault } from "../trace/fields.ts";
import {
  type Advice,
  ADVICES,
  type Op,
  type OpOf,
  type Prot,
  PROTS,
  type Via,
  VIAS,
} from "../trace/op.ts";
import type { Trace, World } from "../trace/trace.ts";
import {
  EXIT,
  FORK,
  MADVISE,
  MLOCK,
  MMAP,
  MPROTECT,
  MREMAP,
  MSEAL,
  MUNLOCK,
  MUNMAP,
  REVOKE,
  SPAWN,
  TOUCH,
} from "./kinds.ts";
import {
  ADVICE,
  AT,
  CHILD,
  FLAG,
  int,
  KIND,
  LENGTH,
  MOST_CONTEXTS,
  MOST_PAGES,
  MOST_PROCS,
  NEW_LENGTH,
  OP,
  PFN,
  PROC,
  PROT,
  TO,
  VIA,
  WORLD,
  WORLD_MAPS,
  WORLD_PFNS,
  WORLD_VPAGES,
  WORLD_WB,
} from "./memory.ts";

/** Whether a trace is short enough, and its world small enough, to be tried. */
export const fits = ({ world, ops }: Trace): boolean => {
  return world.pfns <= MOST_PAGES && world.vpages <= MOST_PAGES && ops.length < MOST_CONTEXTS;
};

export const takeWorld = ({ pfns, vpages, mtrr, maps }: World): void => {
  WORLD[WORLD_PFNS] = pfns;
  WORLD[WORLD_VPAGES] = vpages;
  WORLD[WORLD_MAPS] = maps ?? 0;
  WORLD[WORLD_WB] = mtrr === "write-back" ? 1 : 0;
};

/**
 * Makes an op the one at hand; false for one that the flat engine does not hold. Each kind of op is a
 * record of its own shape, and a function that sees one shape only reads it much faster.
 */
export const takeOp = (op: Op): boolean => {
  switch (op.op) {
    case "mmap":
      return takeMmap(op);
    case "munmap":
      return takeMunmap(op);
    case "exit":
      return takeExit(op);
    case "mremap":
      return takeMremap(op);
    case "touch":
      return takeTouch(op);
    case "spawn":
      return takeSpawn(op);
    case "mprotect":
      return takeMprotect(op);
    case "madvise":
      return takeMadvise(op);
    case "fork":
      return takeFork(op);
    case "mlock":
      return takeSeldom(MLOCK, op);
    case "munlock":
      return takeSeldom(MUNLOCK, op);
    case "mseal":
      return takeSeldom(MSEAL, op);
    case "revoke":
      return take(REVOKE, op.proc, op.fault);
    default:
      return false;
  }
};

const takeMmap = (op: OpOf<"mmap">): boolean => {
  OP[PFN] = op.pfn;
  OP[VIA] = viaNumber(op.via);
  OP[PROT] = protNumber(op.prot);
  OP[FLAG] = op.private ? 1 : 0;
  return takeRange(MMAP, op.proc, op.at, op.pages, op.fault);
};

const takeMunmap = (op: OpOf<"munmap">): boolean => {
  return takeRange(MUNMAP, op.proc, op.at, op.pages, op.fault);
};

const takeExit = (op: OpOf<"exit">): boolean => {
  return take(EXIT, op.proc, op.fault);
};

const takeMremap = (op: OpOf<"mremap">): boolean => {
  OP[NEW_LENGTH] = op.newPages;
  OP[TO] = op.to ?? -1;
  return takeRange(MREMAP, op.proc, op.at, op.pages, op.fault);
};

const takeTouch = (op: OpOf<"touch">): boolean => {
  OP[FLAG] = op.write ? 1 : 0;
  return takeRange(TOUCH, op.proc, op.at, 1, op.fault);
};

const takeSpawn = (op: OpOf<"spawn">): boolean => {
  return take(SPAWN, op.proc, op.fault);
};

const takeMprotect = (op: OpOf<"mprotect">): boolean => {
  OP[PROT] = protNumber(op.prot);
  return takeRange(MPROTECT, op.proc, op.at, op.pages, op.fault);
};

const takeMadvise = (op: OpOf<"madvise">): boolean => {
  OP[ADVICE] = adviceNumber(op.advice);
  return takeRange(MADVISE, op.proc, op.at, op.pages, op.fault);
};

const takeFork = (op: OpOf<"fork">): boolean => {
  OP[CHILD] = op.child;
  OP[FLAG] = op.late === true ? 1 : 0;
  return take(FORK, op.proc, op.fault) && op.child < MOST_PROCS;
};

const takeSeldom = (kind: number, op: OpOf<"mlock" | "munlock" | "mseal">): boolean => {
  return takeRange(kind, op.proc, op.at, op.pages, op.fault);
};

const take = (kind: number, proc: number, fault: Fault | undefined): boolean => {
  OP[KIND] = int(kind);
  OP[PROC] = int(proc);
  return proc < MOST_PROCS && fault === undefined;
};

const takeRange = (
  kind: number,
  proc: number,
  at: number,
  pages: number,
  fault: Fault | undefined,
): boolean => {
  OP[AT] = int(at);
  OP[LENGTH] = int(pages);
  return take(kind, proc, fault);
};

/** The places of names in their lists; written out, as to search a list takes longer. */
const viaNumber = (via: Via): number => {
  if (via === VIAS[0]) return 0;
  if (via === VIAS[1]) return 1;
  return via === VIAS[2] ? 2 : 3;
};

const protNumber = (prot: Prot): number => {
  if (prot === PROTS[2]) return 2;
  return prot === PROTS[1] ? 1 : 0;
};

const adviceNumber = (advice: Advice): number => {
  return advice === ADVICES[0] ? 0 : ADVICES.indexOf(advice);
};
