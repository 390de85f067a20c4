import type { Backend } from "../backend.ts";
import type { ModelBackend } from "../model/backend.ts";
import { MODELS, modelNamed, NEWEST } from "../models.ts";
import { UserError } from "../usererror.ts";
import type { RunningKernel } from "../../kernel/assemble.ts";
import { GlueToBlame } from "../../kernel/unavailable.ts";
import type { TraceFailure, TraceOutcome } from "../../kernel/runner.ts";
import type { TreeBackend } from "../../tree/backend.ts";
import type { Trace } from "../trace/trace.ts";
import type { KernelSide } from "./kernelside.ts";
import { opening } from "./opening.ts";

export interface OpenOptions {
  /** How many guests a kernel may run at once; 1 unless told. */
  readonly guests?: number | undefined;
}

/** A kernel by its release, the path of its bzImage, or its tree, which is built first. */
export async function openKernel(spec: string, options: OpenOptions): Promise<KernelSide> {
  const [{ kernelBackend }, side, { imageOf, isTreeSpec }] = await Promise.all([
    import("../../kernel/backend.ts"),
    import("./kernelside.ts"),
    import("./kernelbuild.ts"),
  ]);
  const image = isTreeSpec(spec) ? await imageOf(opening.io, spec) : spec;
  return new side.KernelSide(kernelBackend(image, options));
}

export const DEFAULT_BEFORE = "legacy";
export const DEFAULT_AFTER = "modern";

/** The ids that can be asked for. */
export function knownBackends(): string[] {
  const models = MODELS.map(({ id }) => id);
  return [
    ...models,
    ...Object.keys(NEWEST),
    "kernel:RELEASE",
    "kernel:PATH",
    "kernel:TREE@REV",
    "tree:PATH",
    "file:PATH",
  ];
}

/** Opens the backend of an id; an unknown id is the user's error and lists the known ones. */
export async function openBackend(id: string, options: OpenOptions = {}): Promise<Backend> {
  if (id.startsWith("file:")) return (await import("./filebackend.ts")).openFileBackend(id);
  if (id.startsWith("kernel:")) {
    const spec = id.slice("kernel:".length);
    if (spec === "") throw new UserError("kernel: names no kernel (kernel:6.12, kernel:PATH)");
    return openKernel(spec, options);
  }
  if (id.startsWith("tree:")) return (await import("./treeside.ts")).openTree(id);
  const model = modelNamed(id);
  if (model !== undefined) return model;
  throw new UserError(
    `unknown backend ${JSON.stringify(id)} (known: ${knownBackends().join(", ")})`,
  );
}

/** The two backends of a comparison. */
export interface Pair {
  readonly before: Backend;
  readonly after: Backend;
}

/** Opens both sides; where the second cannot be, the first is closed. */
export async function openPair(
  ids: { readonly before: string; readonly after: string },
  options: OpenOptions = {},
): Promise<Pair> {
  const first = await openOrBlame(ids.before, options);
  const before = first ?? (await afterOther(ids, options));
  try {
    return { before, after: await openBackend(ids.after, options) };
  } catch (error) {
    await before.close?.();
    throw error;
  }
}

/** A backend, or null for a tree with which the glue does not seem to do. */
async function openOrBlame(id: string, options: OpenOptions): Promise<Backend | null> {
  try {
    return await openBackend(id, options);
  } catch (error) {
    if (error instanceof GlueToBlame) return null;
    throw error;
  }
}

/** The before side, which may do once the other has: that one may be a tree of the same release. */
async function afterOther(
  { before, after }: { readonly before: string; readonly after: string },
  options: OpenOptions,
): Promise<Backend> {
  const other = await openOrBlame(after, options);
  await other?.close?.();
  return openBackend(before, options);
}

/** Whether a backend is a model, which can be run step by step and shows its contexts. */
export function isModel(backend: Backend): backend is ModelBackend {
  return "machine" in backend;
}

/** Whether a backend is a tree's own code, which answers at once. */
export function isTree(backend: Backend): backend is TreeBackend {
  return "answerTo" in backend;
}

/** A kernel that runs, in a guest or in a process, and is asked for what its model says too. */
export interface LiveKernel extends Backend {
  readonly lost: readonly TraceFailure[];
  identify(): Promise<RunningKernel>;
  /** Runs the traces as one batch, so that asking for each of them is instant. */
  prepare(traces: readonly Trace[]): Promise<void>;
  outcome(trace: Trace): Promise<TraceOutcome>;
  close(): Promise<void>;
}

/** Opens a kernel or a tree; anything else is the user's error. */
export async function openLiveKernel(
  id: string,
  option: string,
  options: OpenOptions,
): Promise<LiveKernel> {
  const backend = await openBackend(id, options);
  if (isKernel(backend) || isTree(backend)) return backend;
  await backend.close?.();
  throw new UserError(`${option}: ${backend.id} is no kernel (kernel:6.12, tree:PATH)`);
}

/** Whether a backend is a real kernel, which has to be booted and closed. */
export function isKernel(backend: Backend): backend is KernelSide {
  return "prepare" in backend && !isTree(backend);
}

/** The programs of the trees of a pair, by id: what a thread needs not to build them again. */
export function programsOf({ before, after }: Pair): Readonly<Record<string, string>> {
  const trees = [before, after].filter(isTree);
  return Object.fromEntries(trees.map(({ id, program }) => [id, program] as const));
}

/** Does something with a pair and closes it, whatever comes of it. */
export async function withPair<T>(
  options: { before: string; after: string },
  work: (pair: Pair) => Promise<T>,
): Promise<T> {
  const pair = await openPair(options);
  try {
    return await work(pair);
  } finally {
    await closePair(pair);
  }
}

/** Gives back what both sides hold: a guest keeps the process alive until then. */
export async function closePair({ before, after }: Pair): Promise<void> {
  await Promise.all([before.close?.(), after.close?.()]);
}

/** Does something that hands the pair on, and closes it only when that fails. */
export async function orClose<T>(pair: Pair, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await closePair(pair);
    throw error;
  }
}

/** Opens a model by its id. */
export async function openModel(id: string): Promise<ModelBackend> {
  const backend = await openBackend(id);
  if (isModel(backend)) return backend;
  throw new UserError(`${backend.id} is no model`);
}

/** The model that stands for a kernel. */
export interface StandIn {
  readonly model: ModelBackend;
  /** Why what the model says of the kernel is unverified, in one line; null where it is that release's own. */
  readonly unverified: string | null;
}

/**
 * The model that stands for a kernel by its release and the design that it shows: its own where
 * there is a profile of it, else the nearest, for a kernel of one's own may be any release with
 * anything on top.
 */
export async function standInFor({ release, design }: RunningKernel): Promise<StandIn> {
  const id = modelOfRelease(release);
  const own = id === null ? null : await openModel(id);
  if (own?.design === design) return { model: own, unverified: null };
  const { nearestModel } = await import("../explain/releases.ts");
  const model = nearestModel(release, design);
  const lacks = id === null ? "has no profile here" : `does not track as ${id} does`;
  return { model, unverified: `${release} ${lacks}: ${model.id} is the nearest, and unverified` };
}

/** The model of a running kernel; `tell` hears of one that is not verified for it. */
export async function modelOfKernel(
  kernel: LiveKernel,
  tell: (line: string) => void,
): Promise<ModelBackend> {
  const { model, unverified } = await standInFor(await kernel.identify());
  if (unverified !== null) tell(`${kernel.id}: ${unverified}\n`);
  return model;
}

/** Opens both sides, which must be models. */
export async function openModels(options: {
  before: string;
  after: string;
}): Promise<{ before: ModelBackend; after: ModelBackend }> {
  const { before, after } = await openPair(options);
  if (isModel(before) && isModel(after)) return { before, after };
  throw new UserError(`${before.id} and ${after.id} must both be models`);
}

/** The id of the model of a kernel release such as `6.12.117-amd64`, or null. */
export function modelOfRelease(release: string): string | null {
  const line = /^\d+\.\d+(?!\d)/.exec(release)?.[0];
  return knownBackends().find((id) => line !== undefined && id.endsWith(`@${line}`)) ?? null;
}
