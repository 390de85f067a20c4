import type { Backend } from "../backend.ts";
import type { ModelBackend } from "../model/backend.ts";
import { UserError } from "../usererror.ts";
import type { KernelSide } from "./kernelside.ts";
import { VARIANTS } from "./variants.ts";

export interface OpenOptions {
  /** How many guests a kernel may run at once; 1 unless told. */
  readonly guests?: number;
}

/** One way to name backends: the ids it lists, and how an id becomes a backend. */
interface BackendFamily {
  /** What `--help` and the error for an unknown id list. */
  readonly ids: readonly string[];
  /** Opens the backend, or returns null when the id is not of this family. */
  open(id: string, options: OpenOptions): Promise<Backend> | null;
}

const legacyReleases = ["6.1", "6.12"] as const;
const modernReleases = ["6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "7.3"] as const;

/** The models of one design; the name alone stands for its newest release with recordings. */
function modelFamily<R extends string>(
  design: string,
  releases: readonly R[],
  newest: R,
  load: (release: R) => Promise<Backend>,
): BackendFamily {
  return {
    ids: [...releases.map((release) => `${design}@${release}`), design],
    open(id) {
      const wanted = id === design ? newest : id.replace(`${design}@`, "");
      const release = releases.find((known) => known === wanted && id.startsWith(design));
      return release === undefined ? null : load(release);
    },
  };
}

const KERNEL = "kernel:";

/** Real kernels under QEMU: a fetched release, or the path of a bzImage. */
const KERNELS: BackendFamily = {
  ids: [`${KERNEL}RELEASE`, `${KERNEL}PATH`],
  open(id, options) {
    if (!id.startsWith(KERNEL)) return null;
    const spec = id.slice(KERNEL.length);
    if (spec === "") throw new UserError("kernel: names no kernel (kernel:6.12, kernel:PATH)");
    return openKernel(spec, options);
  },
};

/** A kernel by its release or the path of its bzImage. */
export async function openKernel(spec: string, options: OpenOptions): Promise<KernelSide> {
  const [{ kernelBackend }, side] = await Promise.all([
    import("../../kernel/backend.ts"),
    import("./kernelside.ts"),
  ]);
  return new side.KernelSide(kernelBackend(spec, options));
}

/** A shipped design with one later clean-up undone or done. */
const cleanupFamily: BackendFamily = {
  ids: Object.keys(VARIANTS).map((name) => `variant:${name}`),
  open(id) {
    const name = id.startsWith("variant:") ? id.slice("variant:".length) : "";
    return Object.hasOwn(VARIANTS, name) ? (VARIANTS[name]?.() ?? null) : null;
  },
};

const historicReleases = ["6.1.0", "6.6.0", "6.12.0", "6.12.23", "6.15"] as const;

/** Releases as they were published, with the bugs that later fixes took away. */
const historicFamily: BackendFamily = {
  ids: historicReleases.map((release) => `legacy@${release}`),
  open(id) {
    const release = historicReleases.find((known) => id === `legacy@${known}`);
    return release === undefined ? null : openHistoric(id, release);
  },
};

async function openHistoric(id: string, release: (typeof historicReleases)[number]) {
  const { releaseSpec } = await import("../../legacy/historic.ts");
  const { modelBackend } = await import("../model/backend.ts");
  return modelBackend(id, "vm-pat", releaseSpec(release));
}

const variantNames = "A A-local B-i B-ii B-iii C1-new C2-new C1-old C2-old D1 D2 D3 D4 D5 D6".split(
  " ",
);

/** Designs that never shipped. */
const variantFamily: BackendFamily = {
  ids: variantNames.map((name) => `variant:${name}`),
  open(id) {
    const name = variantNames.find((known) => id === `variant:${known}`);
    return name === undefined ? null : openVariant(name);
  },
};

async function openVariant(name: string): Promise<Backend> {
  const { VARIANTS, variantBackend } = await import("./variantlist.ts");
  const variant = VARIANTS.find((known) => known.name === name);
  if (variant === undefined) throw new Error(`no variant is called ${name}`);
  return variantBackend(variant);
}

/** A user's own module. */
const fileFamily: BackendFamily = {
  ids: ["file:PATH"],
  open: (id) => (id.startsWith("file:") ? openFile(id) : null),
};

async function openFile(id: string): Promise<Backend> {
  return (await import("./filebackend.ts")).openFileBackend(id);
}

/** A later kind of backend (a real kernel, a variant, a file) is one more row. */
const FAMILIES: readonly BackendFamily[] = [
  modelFamily("legacy", legacyReleases, "6.12", async (release) =>
    (await import("../../legacy/index.ts")).legacyBackend(release),
  ),
  modelFamily("modern", modernReleases, "7.2", async (release) =>
    (await import("../../modern/index.ts")).modernBackend(release),
  ),
  KERNELS,
  historicFamily,
  variantFamily,
  cleanupFamily,
  fileFamily,
];

export const DEFAULT_BEFORE = "legacy";
export const DEFAULT_AFTER = "modern";

/** The ids that can be asked for. */
export function knownBackends(): string[] {
  return FAMILIES.flatMap((family) => family.ids);
}

/** Opens the backend of an id; an unknown id is the user's error and lists the known ones. */
export async function openBackend(id: string, options: OpenOptions = {}): Promise<Backend> {
  for (const family of FAMILIES) {
    const opened = family.open(id, options);
    if (opened !== null) return opened;
  }
  throw new UserError(
    `unknown backend ${JSON.stringify(id)} (known: ${knownBackends().join(", ")})`,
  );
}

/** The two backends of a comparison. */
export interface Pair {
  readonly before: Backend;
  readonly after: Backend;
}

/** Opens both sides. */
export async function openPair(options: { before: string; after: string }): Promise<Pair> {
  return { before: await openBackend(options.before), after: await openBackend(options.after) };
}

/** Whether a backend is a model, which can be run step by step and shows its contexts. */
export function isModel(backend: Backend): backend is ModelBackend {
  return "recordSync" in backend;
}

/** Whether a backend is a real kernel, which has to be booted and closed. */
export function isKernel(backend: Backend): backend is KernelSide {
  return "prepare" in backend;
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

/**
 * The model that stands for a running kernel: that of its release, or the default one of the
 * design that it shows, for a kernel of one's own may be any release with anything on top.
 */
export async function modelOfKernel(kernel: KernelSide): Promise<ModelBackend> {
  const { release, design } = await kernel.identify();
  const own = modelOfRelease(release);
  const model = own === null ? null : await openModel(own);
  if (model?.design === design) return model;
  return openModel(design === "vm-pat" ? DEFAULT_BEFORE : DEFAULT_AFTER);
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
