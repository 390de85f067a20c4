import type { ReportFinding } from "../../data.ts";
import type { Step, VmaState } from "../../../src/trace/recording.ts";

/** The parts of a state in which sides can differ, by the words a reader sees. */
export type Part = "result" | "mappings" | "reservations" | "log";

/** In what the sides differ after a step; VM_PAT, which only one design has, is no difference. */
export function differingParts(before: Step, after: Step): Part[] {
  const parts: readonly (readonly [Part, unknown, unknown])[] = [
    ["result", before.result, after.result],
    ["mappings", plainVmas(before), plainVmas(after)],
    ["reservations", before.memtype, after.memtype],
    ["log", before.events, after.events],
  ];
  return parts
    .filter(([, left, right]) => JSON.stringify(left) !== JSON.stringify(right))
    .map(([part]) => part);
}

/** The first step at which the sides differ, or the step of the finding where they never do. */
export function openingStep(finding: ReportFinding): number {
  const last = Math.max(0, finding.trace.ops.length - 1);
  const first = finding.trace.ops.findIndex((_, index) => {
    const before = finding.before.steps[index];
    const after = finding.after.steps[index];
    return before !== undefined && after !== undefined && differingParts(before, after).length > 0;
  });
  return first < 0 ? Math.min(finding.step, last) : first;
}

/** Fields in one order, whoever wrote the recording. */
function plainVmas(step: Step): unknown {
  return Object.entries(step.vmas).map(([proc, list]) => [proc, list.map(plainVma)]);
}

function plainVma(vma: VmaState): readonly unknown[] {
  const { start, end, prot, pfn, dontfork, sealed, advised = [] } = vma;
  return [start, end, prot, vma.private, pfn, dontfork === true, sealed === true, advised];
}
