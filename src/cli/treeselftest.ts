import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { cacheFolder } from "../../kernel/cache.ts";
import type { TreeBackend } from "../../tree/backend.ts";
import { GlueToBlame } from "../../kernel/unavailable.ts";
import { programSources } from "../../tree/glue.ts";
import { compareSteps } from "../compare.ts";
import type { Recording } from "../trace/recording.ts";
import { documentsIn } from "./files.ts";
import { opening } from "./opening.ts";
import { ownRecordings } from "./recordings.ts";

/** A release as a number that orders releases. */
function rank(release: string): number {
  const [major = 0, minor = 0, point = 0] = release.split(/[.-]/).map(Number);
  return (major * 1000 + minor) * 1000 + point;
}

/** Of files of recordings by release, the one whose release is nearest. */
export function nearest(files: readonly string[], release: string): string | null {
  const named = files.flatMap((file) => {
    const found = /(\d+\.\d+(\.\d+)?)\.jsonl/.exec(basename(file))?.[1];
    return found === undefined ? [] : [{ file, away: Math.abs(rank(found) - rank(release)) }];
  });
  return named.sort((a, b) => a.away - b.away)[0]?.file ?? null;
}

/** How a tree's answers compare with recordings. */
export interface SelfTest {
  readonly traces: number;
  readonly agreed: number;
  /** How many traces part first at an op of each kind. */
  readonly parts: ReadonlyMap<string, number>;
}

/** Asks a tree what recordings tell. */
export function compareWith(backend: TreeBackend, recordings: readonly Recording[]): SelfTest {
  const parts = new Map<string, number>();
  let [traces, agreed] = [0, 0];
  const fit = recordings.filter(({ trace }) => backend.isFit(trace));
  backend.prefetch(fit.map(({ trace }) => trace));
  for (const recording of fit) {
    traces++;
    const [first] = compareSteps(recording, backend.recordSync(recording.trace)).disagreements;
    const op = first === undefined ? undefined : recording.trace.ops[first.step]?.op;
    if (op === undefined) agreed++;
    else parts.set(op, (parts.get(op) ?? 0) + 1);
  }
  return { traces, agreed, parts };
}

/**
 * Whether the glue is to blame for how a tree of a release answers: it agrees with nothing, and no other
 * tree of that release (6.12) has been seen to with this glue, of which a note in the cache tells. A patch that
 * leaks or crashes in every trace is the tree's doing.
 */
export function isGlueToBlame(release: string, agreed: number): boolean {
  const line = release.split(".", 2).join(".");
  const note = join(cacheFolder(), "served", `${line}-${programSources().hash}`);
  if (agreed === 0) return !existsSync(note);
  mkdirSync(dirname(note), { recursive: true });
  writeFileSync(note, "");
  return false;
}

/**
 * Tests the glue on recordings of the nearest release. Where a tree agrees with none, the glue does not do
 * for it and nothing that it says counts; where it differs in some, its change may be meant: that is told.
 */
export async function selfTest(backend: TreeBackend, tell: (text: string) => void): Promise<void> {
  const file = nearest(await ownRecordings(), backend.release);
  if (file === null || opening.io === null) return;
  const recordings: Recording[] = [];
  for await (const document of documentsIn(opening.io, file)) {
    if (document.kind === "recording") recordings.push(document.recording);
  }
  const { traces, agreed, parts } = compareWith(backend, recordings);
  const isToBlame = traces > 0 && isGlueToBlame(backend.release, agreed);
  if (agreed === traces) return;
  const ops = [...parts].map(([op, count]) => `${op} ${count}`).join(", ");
  const what = `${agreed} of ${traces} traces of ${basename(file)} as recorded; parts at ${ops}`;
  if (isToBlame) {
    throw new GlueToBlame(
      `${backend.id} (${backend.release}) answers ${what}`,
      "the glue of tree/program does not do for this tree, or a fault of the tree shows in every trace: " +
        "then open one of its release without it, once (docs/TREES.md)",
    );
  }
  tell(
    `${backend.id} (${backend.release}) answers ${what}: a change of the tree, or of its release`,
  );
}
