import type { Root } from "../../fuzz/roots/root.ts";
import { opText } from "../../reports/optext.ts";
import type { GateProblem } from "../gate.ts";
import type { ShownProblem } from "./gateroots.ts";

const ADVICE: Readonly<Record<GateProblem["fault"], string>> = {
  new: "--reason TEXT",
  changed: "(removes the entry; accept what it became with a reason of its own)",
  vanished: "(removes the entry)",
};

/** A problem with its trace, in words and as a command that shows it step by step. */
function problemLines(problem: ShownProblem): string[] {
  const { fault, signature, detail, trace, before, after } = problem;
  const sides = `--before ${before} --after ${after}`;
  return [
    `${fault.toUpperCase()}  ${signature}`,
    `  ${detail}`,
    `  trace: ${trace.ops.map(opText).join("; ")}`,
    fault === "new"
      ? `  to replay: echo '${JSON.stringify(trace)}' | npx pfndiff replay - ${sides}`
      : `  to replay: npx pfndiff replay '${signature}'`,
    ...(/^(crash|scenario):/.test(signature)
      ? []
      : [`  to accept: npx pfndiff gate ${sides} --accept '${signature}' ${ADVICE[fault]}`]),
  ];
}

const isNew = ({ fault }: GateProblem) => fault === "new";

/** What the gate has to say: each problem, those that are new under their roots, and the verdict. */
export function outcomeText(
  held: number,
  problems: readonly ShownProblem[],
  roots: readonly Root[],
  { runs, seed }: { readonly runs: number; readonly seed: number },
): string {
  const fresh = new Map(problems.filter(isNew).map((one) => [one.signature, one]));
  const lines = problems.filter((one) => !isNew(one)).flatMap(problemLines);
  for (const { name, notice, findings } of roots) {
    lines.push(`ROOT  ${name}  [${findings.length} new]`, `  ${notice}`);
    for (const signature of findings) {
      const problem = fresh.get(signature);
      fresh.delete(signature);
      if (problem !== undefined) lines.push(...problemLines(problem));
    }
  }
  // In no root: a crash, or what was seen of sides that had parted.
  lines.push(...[...fresh.values()].flatMap(problemLines));
  const passed = problems.length === 0;
  const seen = `${held} accepted findings hold; campaign of ${runs} runs, seed ${seed}`;
  lines.push(`gate ${passed ? "passed" : `FAILED on ${problems.length} findings`}: ${seen}.`);
  return `${lines.join("\n")}\n`;
}
