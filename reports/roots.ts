import { gravestOf, groupWitnesses } from "../fuzz/roots/group.ts";
import type { Root } from "../fuzz/roots/root.ts";
import type { CampaignFinding } from "../src/oracle/finding.ts";
import type { Replay } from "../src/replay.ts";
import type { Op } from "../src/trace/op.ts";
import type { Trace } from "../src/trace/trace.ts";
import { type Ending, noticeOf } from "./notice.ts";

/** Runs a trace on both sides. */
export type Rerun = (trace: Trace) => Promise<Replay>;

/** A finding and its minimal trace run again. */
export interface Replayed {
  readonly finding: CampaignFinding;
  readonly replay: Replay;
}

/**
 * The roots that findings follow from, gravest first (docs/ROOTS.md). Findings of sides that had
 * parted are in none: what they follow from is that the sides had parted.
 */
export async function rootsOf(replayed: readonly Replayed[], rerun: Rerun): Promise<Root[]> {
  const witnesses = replayed
    .filter(({ finding }) => finding.verdict !== "parted")
    .map(({ finding, replay }) => ({ finding, steps: replay.steps }));
  const roots: Root[] = [];
  for (const group of groupWitnesses(witnesses)) {
    const { name, members } = group;
    const [simplest] = members;
    const gravest = gravestOf(group);
    const ending = await endingOf(simplest.witness.finding.trace, rerun);
    const worse =
      gravest === simplest ? ending : await endingOf(gravest.witness.finding.trace, rerun);
    const findings = members.map(({ witness }) => witness.finding.signature);
    roots.push({ name, notice: noticeOf(group, ending, worse), findings });
  }
  return roots;
}

/** What is left when every process of a trace has exited at its end. */
async function endingOf(trace: Trace, rerun: Rerun): Promise<Ending> {
  const whole = await rerun(trace);
  const last = whole.steps.at(-1);
  if (last === undefined) throw new Error("a witness has steps");
  const alive = new Set([...Object.keys(last.before.vmas), ...Object.keys(last.after.vmas)]);
  const exits: Op[] = [...alive].map((proc) => ({ op: "exit", proc: Number(proc) }));
  const ended =
    exits.length === 0 ? whole : await rerun({ ...trace, ops: [...trace.ops, ...exits] });
  const leaks = ended.findings.filter(({ symptom }) => symptom === "leak");
  return { ...(ended.steps.at(-1) ?? last), leaks };
}
