import type { Recording, Step, VmaState } from "./trace/recording.ts";
import { sameData } from "./trace/samedata.ts";

/** Stands where a field does not exist, which is neither undefined, null nor false. */
export const ABSENT = Symbol("absent");

/** Two values that differ, and where: a path such as `memtype[0].end`. */
export interface Difference {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/**
 * Every place where two JSON values differ. Strict: order matters, a field that is absent differs
 * from one that is undefined, null or false, extra fields count, a list's missing tail counts,
 * and so does the difference of 0 and -0. Values of kinds that JSON lacks are our fault: throws.
 */
export function differences(expected: unknown, actual: unknown, path = ""): Difference[] {
  const kind = kindOf(expected);
  if (kind !== kindOf(actual)) return [{ path, expected, actual }];
  if (kind === "scalar") return Object.is(expected, actual) ? [] : [{ path, expected, actual }];
  const left = fieldsOf(expected);
  const right = fieldsOf(actual);
  const names = [...left.keys(), ...[...right.keys()].filter((name) => !left.has(name))];
  return names.flatMap((name) => {
    const inner = kind === "list" ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`;
    const before = left.has(name) ? left.get(name) : ABSENT;
    const after = right.has(name) ? right.get(name) : ABSENT;
    if (before === ABSENT || after === ABSENT) {
      return [{ path: inner, expected: before, actual: after }];
    }
    return differences(before, after, inner);
  });
}

type Kind = "scalar" | "list" | "object";

function kindOf(value: unknown): Kind {
  if (Array.isArray(value)) return "list";
  if (value === null || typeof value !== "object") {
    if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
      throw new Error(`a ${typeof value} cannot be compared`);
    }
    return "scalar";
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new Error("only plain objects can be compared");
  }
  return "object";
}

function fieldsOf(value: unknown): Map<string, unknown> {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
}

/** A value of a difference in words. */
export function show(value: unknown): string {
  return value === ABSENT ? "(absent)" : (JSON.stringify(value) ?? String(value));
}

/** One step at which a model and a recording part. */
export interface Disagreement {
  readonly step: number;
  readonly differences: readonly Difference[];
}

/** How a model's recording compares with another of the same trace. */
export interface Comparison {
  /** Steps of the longer of the two: a missing step is a disagreement. */
  readonly total: number;
  readonly agreed: number;
  readonly disagreements: readonly Disagreement[];
}

/**
 * Compares two recordings of one trace step by step. What only a model can show (`contexts`, and the
 * modes in page tables) is left out where the other side does not show it, and explanations always;
 * nothing else is.
 */
export function compareSteps(expected: Recording, actual: Recording): Comparison {
  const total = Math.max(expected.steps.length, actual.steps.length);
  const disagreements: Disagreement[] = [];
  for (let step = 0; step < total; step += 1) {
    const left = expected.steps[step];
    const right = actual.steps[step];
    const found =
      left === undefined || right === undefined
        ? [{ path: "", expected: left ?? ABSENT, actual: right ?? ABSENT }]
        : stepDifferences(left, right);
    if (found.length > 0) disagreements.push({ step, differences: found });
  }
  return { total, agreed: total - disagreements.length, disagreements };
}

const EXPLANATIONS: readonly string[] = ["requests", "asked"];
const EXPLAINED = new Set(EXPLANATIONS);
const EXPLAINED_OR_OF_MODELS = new Set([...EXPLANATIONS, "contexts", "bared"]);

/** Where two steps differ; most do not, and that is seen soonest without a list of places. */
function stepDifferences(left: Step, right: Step): Difference[] {
  const ignored = left.contexts === undefined ? EXPLAINED_OR_OF_MODELS : EXPLAINED;
  if (sameData(left, right, ignored)) return [];
  return differences(
    withoutExplanations(withShownModes(left, right)),
    asVisibleAs(left, withoutExplanations(right)),
  );
}

/** The step without what only a model can show, as far as the other does not show it. */
function asVisibleAs(other: Step, step: Step): Step {
  const shown = withShownModes(step, other);
  return other.contexts === undefined ? withoutContexts(shown) : shown;
}

function withoutContexts(step: Step): Step {
  const { contexts: _contexts, bared: _bared, ...visible } = step;
  return visible;
}

/** The step without what says why: who asked for which mode, and what decided. */
export function withoutExplanations(step: Step): Step {
  const { requests: _why, vmas, kernelMaps, ...shown } = step;
  const plain = Object.entries(vmas).map(([proc, list]): [string, VmaState[]] => [
    proc,
    list.map(({ asked: _asked, ...vma }) => vma),
  ]);
  return {
    ...shown,
    vmas: Object.fromEntries(plain),
    ...(kernelMaps && { kernelMaps: kernelMaps.map(({ asked: _asked, ...map }) => map) }),
  };
}

/** The step, without the modes in page tables where the other shows none. */
export function withShownModes(step: Step, other: Step): Step {
  if (showsModes(other)) return step;
  const vmas = Object.entries(step.vmas).map(
    ([proc, list]) => [proc, list.map(({ modes: _unshown, ...vma }) => vma)] as const,
  );
  return { ...step, vmas: Object.fromEntries(vmas) };
}

/** Whether a step shows the page tables of its VMAs; one without such a VMA hides nothing. */
function showsModes({ vmas }: Step): boolean {
  return Object.values(vmas).every((list) =>
    list.every(({ anon, maps, modes }) => anon === true || (modes ?? maps) !== undefined),
  );
}
