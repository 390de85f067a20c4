import type { Outcome } from "../../src/mm/errno.ts";
import { REGION_VIAS, type RegionVia, type SyscallOp } from "../../src/trace/op.ts";
import { isDriverOp } from "../../src/trace/driverkinds.ts";
import { bornBy, type World } from "../../src/trace/trace.ts";
import { UserError } from "../../src/usererror.ts";
import { opText } from "../optext.ts";
import { unsaid } from "./calls.ts";
import { chooseExpectation } from "./choose.ts";
import { type Expectation, expectationText, holds, outcomeOf, stepOf } from "./expectation.ts";
import { closedTrace } from "../../src/trace/closed.ts";
import { type ReproFinding, type ReproInput, sideId, sideName } from "./input.ts";

/** One op and what each side returned for it. */
export interface ProgramStep {
  readonly index: number;
  readonly op: SyscallOp;
  readonly text: string;
  readonly before: Outcome;
  readonly after: Outcome;
}

/** Everything that an exported program says, before any language. */
export interface Program {
  readonly finding: ReproFinding;
  readonly expectation: Expectation;
  readonly world: World;
  readonly steps: readonly ProgramStep[];
  /** The ways into the region that the steps use, in the order of REGION_VIAS. */
  readonly vias: readonly RegionVia[];
  /** One more than the highest process id. */
  readonly procs: number;
  /** Ids of the sides on which the expectation fails, and on which it holds. */
  readonly fails: readonly string[];
  readonly passes: readonly string[];
  /** Both sides in words, in their order, and whether it holds there. */
  readonly sides: readonly { readonly name: string; readonly passes: boolean }[];
}

/** Works out what to do and what to check. UserError where user space cannot see the symptom. */
export function reproProgram(input: ReproInput): Program {
  if (input.finding.trace.world.pat === false) {
    throw new UserError(
      `${input.finding.signature}: its kernel must be booted with nopat, which no program can choose`,
    );
  }
  if (input.finding.trace.world.isa !== undefined) {
    throw new UserError(
      `${input.finding.signature}: its pages are those about the ISA window, and a program is told where others are`,
    );
  }
  if (input.finding.trace.world.regions !== undefined) {
    throw new UserError(
      `${input.finding.signature}: it takes several regions, and a program is told of one`,
    );
  }
  const expectation = chooseExpectation(input);
  const { before, after, finding } = input;
  const { world } = finding.trace;
  const ops = systemCalls(finding);
  const steps = ops.map((op, index) => ({
    index,
    op,
    text: opText(op),
    before: outcomeOf(stepOf(before, index)),
    after: outcomeOf(stepOf(after, index)),
  }));
  const sides = [before, after].map((recording, side) => {
    const fallback = side === 0 ? "before" : "after";
    const [id, name] = [sideId(recording, fallback), sideName(recording, fallback)];
    return { id, name, passes: holds(expectation, recording) };
  });
  const used = new Set(ops.flatMap((op) => (op.op === "mmap" ? [op.via] : [])));
  const procs = ops.map((op) => Math.max(op.proc, bornBy(op) ?? 0) + 1);
  return {
    finding,
    expectation,
    world,
    steps,
    vias: REGION_VIAS.filter((via) => used.has(via)),
    procs: procs.reduce((a, b) => Math.max(a, b), 1),
    fails: sides.filter(({ passes }) => !passes).map(({ id }) => id),
    passes: sides.filter(({ passes }) => passes).map(({ id }) => id),
    sides,
  };
}

/** The closed trace's ops, which a program must be able to do without a driver of its own. */
function systemCalls({ signature, trace }: ReproFinding): SyscallOp[] {
  return closedTrace(trace).ops.map((op, index) => {
    if (isDriverOp(op)) {
      throw new UserError(
        `${signature}: step ${index} is a driver's work, which no program can do`,
      );
    }
    const cannot = unsaid(op);
    if (cannot !== null) throw new UserError(`${signature}: step ${index} ${cannot}`);
    if (op.fault !== undefined) {
      const { at, nth } = op.fault;
      throw new UserError(
        `${signature}: step ${index} needs allocation ${nth} at ${at} to fail, which no program can choose`,
      );
    }
    if (op.op === "fork" && op.late === true) {
      throw new UserError(
        `${signature}: step ${index} must fail late, which takes a limit on all memory of the machine`,
      );
    }
    return op;
  });
}

/** What is checked, in one sentence. */
export function checkText({ expectation }: Program): string {
  return `After step ${expectation.step} ${expectationText(expectation)}.`;
}

/** Where it failed and where it passed, as far as it was asked: a line each. */
export function recordedText({ sides }: Program): string[] {
  return [false, true].flatMap((holds) => {
    const names = sides.filter(({ passes }) => passes === holds).map(({ name }) => name);
    return names.length === 0 ? [] : [`${holds ? "PASS" : "FAIL"} on ${names.join(" and ")}.`];
  });
}
