import type { Backend } from "../backend.ts";
import type { ModelBackend } from "../model/backend.ts";
import { UserError } from "../usererror.ts";
import { VARIANTS } from "./variants.ts";

/** One way to name backends: the ids it lists, and how an id becomes a backend. */
interface BackendFamily {
  /** What `--help` and the error for an unknown id list. */
  readonly ids: readonly string[];
  /** Opens the backend, or returns null when the id is not of this family. */
  open(id: string): Promise<Backend> | null;
}

const legacyReleases = ["6.1", "6.12"] as const;
const modernReleases = ["6.16", "6.18", "7.2"] as const;

/** The models of one design; the name alone stands for its newest release. */
function modelFamily<R extends string>(
  design: string,
  releases: readonly R[],
  load: (release: R) => Promise<Backend>,
): BackendFamily {
  return {
    ids: [...releases.map((release) => `${design}@${release}`), design],
    open(id) {
      const wanted = id === design ? releases.at(-1) : id.replace(`${design}@`, "");
      const release = releases.find((known) => known === wanted && id.startsWith(design));
      return release === undefined ? null : load(release);
    },
  };
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
  modelFamily("legacy", legacyReleases, async (release) =>
    (await import("../../legacy/index.ts")).legacyBackend(release),
  ),
  modelFamily("modern", modernReleases, async (release) =>
    (await import("../../modern/index.ts")).modernBackend(release),
  ),
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
export async function openBackend(id: string): Promise<Backend> {
  for (const family of FAMILIES) {
    const opened = family.open(id);
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
