import { judge } from "../oracle/judge.ts";
import type { CampaignFinding } from "../oracle/finding.ts";
import type { Recording } from "../trace/recording.ts";
import { UserError } from "../usererror.ts";
import { isKernel, isTree, openBackend, type Pair } from "./backends.ts";
import type { KernelSide } from "./kernelside.ts";

/** What is said of a finding of a tree that no guest was asked about. */
export const UNCONFIRMED = "unconfirmed until a guest shows it (--confirm kernel:PATH)";

/** Opens the kernel that --confirm names, which boots when it is asked something. */
async function openConfirming(id: string): Promise<KernelSide> {
  const kernel = await openBackend(id);
  if (isKernel(kernel)) return kernel;
  await kernel.close?.();
  throw new UserError(`--confirm: ${id} is no kernel (kernel:6.12, kernel:PATH of a bzImage)`);
}

/** Refuses what is no kernel before anything is done that it should confirm. */
export async function requireConfirming(id: string | undefined): Promise<void> {
  if (id !== undefined) await (await openConfirming(id)).close();
}

/**
 * Runs the traces of findings in guests of a kernel, which stands for the after side, and judges each against the
 * before side as it is. Returns by signature whether the kernel shows it, in words. Throws UserError for what is
 * no kernel, or one of another design.
 */
export async function confirmedBy(
  id: string,
  pair: Pair,
  findings: readonly CampaignFinding[],
): Promise<ReadonlyMap<string, string>> {
  const kernel = await openConfirming(id);
  try {
    const { release, design } = await kernel.identify();
    if (isTree(pair.after) && pair.after.design !== design) {
      throw new UserError(
        `--confirm: ${id} (${release}) is of another design than ${pair.after.id}`,
      );
    }
    const isAble = ({ trace }: CampaignFinding) => kernel.lacking(trace) === null;
    await kernel.prepare(findings.filter(isAble).map(({ trace }) => trace));
    const words = new Map<string, string>();
    for (const finding of findings) {
      const standing = await standingOf(finding, pair, kernel);
      words.set(finding.signature, standing(`${id} (${release})`));
    }
    return words;
  } finally {
    await kernel.close();
  }
}

/** Says of a tree's findings whether a guest has shown them; nothing where there are none, or no tree. */
export async function tellStanding(
  say: (line: string) => Promise<void>,
  pair: Pair,
  findings: readonly CampaignFinding[],
  confirm: string | undefined,
): Promise<void> {
  if (!isTree(pair.after) || findings.length === 0) return;
  if (confirm === undefined) {
    await say(`${findings.length} new of a tree: ${UNCONFIRMED}\n`);
    return;
  }
  for (const [signature, words] of await confirmedBy(confirm, pair, findings)) {
    await say(`${signature}: ${words}\n`);
  }
}

type Standing = (kernel: string) => string;

async function standingOf(
  { signature, symptom, trace }: CampaignFinding,
  { before }: Pair,
  kernel: KernelSide,
): Promise<Standing> {
  const option = kernel.lacking(trace);
  if (option !== null) return (name) => `unconfirmed: ${name} was built without ${option}`;
  const outcome = await kernel.outcome(trace);
  if ("failure" in outcome) {
    const isItself = symptom === "crash" || symptom === "bug" || symptom === "hang";
    return (name) => `${isItself ? "confirmed" : "unconfirmed"}: the trace ends ${name}`;
  }
  const { recording } = outcome;
  if (symptom === "kernel-leak") return () => "unconfirmed: a guest does not tell what it leaks";
  if (hasNotFailed(recording)) {
    return (name) => `unconfirmed: the allocation that is to fail does not in ${name}`;
  }
  const { findings } = judge(await before.record(trace), recording);
  const isShown = findings.some((one) => one.signature === signature);
  return (name) => (isShown ? `confirmed by ${name}` : `unconfirmed: ${name} does not show it`);
}

/** Whether an op was to meet a failing allocation and met none. */
function hasNotFailed({ trace, steps }: Recording): boolean {
  return trace.ops.some(({ fault }, at) => fault !== undefined && steps[at]?.failed === undefined);
}
