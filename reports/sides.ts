import type { Replay } from "../src/replay.ts";
import type { Design, Step } from "../src/trace/recording.ts";
import type { SideRecording } from "./data.ts";

/** Both sides of a replay as a page shows them. */
export function bothSides(replay: Replay): Record<"before" | "after", SideRecording> {
  const side = (name: "before" | "after"): SideRecording => {
    const steps = replay.steps.map((step) => step[name]);
    const design = shownDesign(steps);
    const kernel = replay.kernels[name];
    return {
      backend: replay[name],
      steps,
      ...(kernel === null ? {} : { kernel }),
      ...(design === undefined ? {} : { design }),
    };
  };
  return { before: side("before"), after: side("after") };
}

/** Each design shows something that the other does not have. */
function shownDesign(steps: readonly Step[]): Design | undefined {
  const vmas = steps.flatMap((step) => Object.values(step.vmas).flat());
  if (vmas.some((vma) => vma.pat !== undefined)) return "vm-pat";
  return steps.some((step) => (step.contexts ?? []).length > 0) ? "kref" : undefined;
}
