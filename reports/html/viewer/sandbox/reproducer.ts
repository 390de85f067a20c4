import { RELEASES } from "../../../../src/explain/releases.ts";
import { closedTrace } from "../../../../src/trace/closed.ts";
import type { Sides } from "../../../../src/trace/read.ts";
import type { Recording } from "../../../../src/trace/recording.ts";
import type { CampaignSummary, ReportFinding, SideRecording } from "../../../data.ts";
import { holds } from "../../../repro/expectation.ts";
import { wrap } from "../../../repro/ctext.ts";
import type { ReproInput } from "../../../repro/input.ts";
import type { Program } from "../../../repro/program.ts";
import { modelSides } from "./bench.ts";

/** What reproducers of a finding are made from; null where its recordings do not go to the end of its processes. */
export function reproInputOf(
  { before: was, after: is }: Pick<CampaignSummary, "before" | "after">,
  finding: ReportFinding,
): ReproInput | null {
  const before = recordingOf(was, finding, finding.before);
  const after = recordingOf(is, finding, finding.after);
  return before === null || after === null ? null : { finding, before, after };
}

function recordingOf(
  id: string,
  { trace }: ReportFinding,
  { backend = id, kernel, design, steps, ending }: SideRecording,
): Recording | null {
  const closed = closedTrace(trace);
  const all = [...steps, ...(ending ?? [])];
  if (all.length !== closed.ops.length) return null;
  const ran = kernel === undefined ? {} : { kernel: { release: kernel, design: design ?? "kref" } };
  return { format: "pfndiff/recording@1", backend, ...ran, trace: closed, steps: all };
}

/** A command that works wherever pfndiff is: the trace is on its standard input. */
export function replayCommandOf(campaign: CampaignSummary, finding: ReportFinding): string {
  const models = modelSides(campaign, finding);
  const ids: Sides = {
    before: portable(finding.before.backend ?? campaign.before, models.before),
    after: portable(finding.after.backend ?? campaign.after, models.after),
  };
  return [
    `npx pfndiff replay - --before ${ids.before} --after ${ids.after} << 'EOF'`,
    ...wrap(
      JSON.stringify({ ...finding.trace, name: nameOf(finding) })
        .replaceAll(',"', ', "')
        .replaceAll(",{", ", {"),
      75,
    ),
    "EOF",
  ].join("\n");
}

/** A line may end wherever the document has a space, so a name has none. */
function nameOf({ trace: { name } }: ReportFinding): string {
  return /\s/.test(name) ? "" : name;
}

/** An id that means the same elsewhere: what lies on a disk does not, so its model stands for it. */
function portable(id: string, model: string): string {
  return /^[\w@:.-]+$/.test(id) && !/^(tree|file):/.test(id) ? id : model;
}

/** The models of all releases, by whether what a program checks holds on them, oldest first. */
export function byRelease(program: Program): {
  fails: readonly string[];
  passes: readonly string[];
} {
  const trace = closedTrace(program.finding.trace);
  const asked = RELEASES.map((model) => ({
    id: model.id,
    passes: holds(program.expectation, model.recordSync(trace)),
  }));
  return {
    fails: asked.filter(({ passes }) => !passes).map(({ id }) => id),
    passes: asked.filter(({ passes }) => passes).map(({ id }) => id),
  };
}
