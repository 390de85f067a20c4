import { type Advice, ADVICES, type Op, PROTS, type Prot, type Via, VIAS } from "../trace/op.ts";
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
export function fits({ world, ops }: Trace): boolean {
  return world.pfns <= MOST_PAGES && world.vpages <= MOST_PAGES && ops.length < MOST_CONTEXTS;
}

export function takeWorld({ pfns, vpages, mtrr, maps }: World): void {
  WORLD[WORLD_PFNS] = pfns;
  WORLD[WORLD_VPAGES] = vpages;
  WORLD[WORLD_MAPS] = maps ?? 0;
  WORLD[WORLD_WB] = mtrr === "write-back" ? 1 : 0;
}

/**
 * Makes an op the one at hand; false for one that the flat engine does not hold. Each kind of op is a
 * record of its own shape: a read that sees one shape only is cheap, so nothing is shared here.
 */
export function takeOp(op: Op): boolean {
  switch (op.op) {
    case "mmap":
      OP[PFN] = op.pfn;
      OP[VIA] = viaNumber(op.via);
      OP[PROT] = protNumber(op.prot);
      OP[FLAG] = op.private ? 1 : 0;
      return takeRange(MMAP, op.proc, op.at, op.pages) && op.fault === undefined;
    case "munmap":
      return takeRange(MUNMAP, op.proc, op.at, op.pages) && op.fault === undefined;
    case "exit":
      return take(EXIT, op.proc) && op.fault === undefined;
    case "mremap":
      OP[NEW_LENGTH] = op.newPages;
      OP[TO] = op.to ?? -1;
      return takeRange(MREMAP, op.proc, op.at, op.pages) && op.fault === undefined;
    case "touch":
      OP[FLAG] = op.write ? 1 : 0;
      return takeRange(TOUCH, op.proc, op.at, 1) && op.fault === undefined;
    case "spawn":
      return take(SPAWN, op.proc) && op.fault === undefined;
    case "mprotect":
      OP[PROT] = protNumber(op.prot);
      return takeRange(MPROTECT, op.proc, op.at, op.pages) && op.fault === undefined;
    case "madvise":
      OP[ADVICE] = adviceNumber(op.advice);
      return takeRange(MADVISE, op.proc, op.at, op.pages) && op.fault === undefined;
    case "fork":
      OP[CHILD] = op.child;
      OP[FLAG] = op.late === true ? 1 : 0;
      return take(FORK, op.proc) && op.child < MOST_PROCS && op.fault === undefined;
    case "mlock":
      return takeRange(MLOCK, op.proc, op.at, op.pages) && op.fault === undefined;
    case "munlock":
      return takeRange(MUNLOCK, op.proc, op.at, op.pages) && op.fault === undefined;
    case "mseal":
      return takeRange(MSEAL, op.proc, op.at, op.pages) && op.fault === undefined;
    case "revoke":
      return take(REVOKE, op.proc) && op.fault === undefined;
    default:
      return false;
  }
}

function take(kind: number, proc: number): boolean {
  OP[KIND] = kind;
  OP[PROC] = proc;
  return proc < MOST_PROCS;
}

function takeRange(kind: number, proc: number, at: number, pages: number): boolean {
  OP[AT] = at;
  OP[LENGTH] = pages;
  return take(kind, proc);
}

/** The places of names in their lists; written out, as to search a list takes longer. */
function viaNumber(via: Via): number {
  if (via === VIAS[0]) return 0;
  if (via === VIAS[1]) return 1;
  return via === VIAS[2] ? 2 : 3;
}

function protNumber(prot: Prot): number {
  if (prot === PROTS[2]) return 2;
  return prot === PROTS[1] ? 1 : 0;
}

function adviceNumber(advice: Advice): number {
  return advice === ADVICES[0] ? 0 : ADVICES.indexOf(advice);
}
