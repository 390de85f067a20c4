import { GROUP_NAMES } from "../fuzz/explore/groups.ts";
import type { Certificate } from "../fuzz/explore/certificate.ts";
import type { Baseline } from "../src/gate.ts";
import { boundsText, type PlainBounds } from "../src/trace/bounds.ts";
import { opText } from "./optext.ts";

/** What an exploration of two releases that follow each other showed, and what is accepted of them. */
export interface Neighbours {
  readonly certificate: Certificate;
  readonly accepted: Baseline;
}

/**
 * A page in Markdown: for each pair of releases every difference up to the bounds, with its shortest
 * sequence of ops. What both sides share is no difference.
 */
export function differencesPage(bounds: PlainBounds, pairs: readonly Neighbours[]): string {
  const lines = [
    "# From each release to the next",
    "",
    `Every difference between two releases that follow each other, up to a bound: ${boundsText(bounds)}, every`,
    "system call of a campaign with every argument ([EXPLORE.md](EXPLORE.md)). What a pair does not list, no sequence of",
    "system calls within the bound shows, on the models. Larger windows and more ops may show more, and so may drivers and",
    "failing allocations, which are not explored. Reasons are those of the baseline, where it has the pair. An exploration made",
    "this page, and CI makes its first three levels again:",
    "",
    `    npx pfndiff explore --neighbours ${optionsOf(bounds)} > docs/DIFFERENCES.md`,
    ...pairs.flatMap(pairLines),
  ];
  return `${lines.join("\n")}\n`;
}

const optionsOf = ({
  procs,
  slots,
  pages,
  depth,
  mtrr,
  region,
  maps,
  pat,
  with: groups,
}: PlainBounds) =>
  [
    `--procs ${procs} --slots ${slots} --pages ${pages} --depth ${depth}`,
    ...(mtrr === undefined ? [] : [`--mtrr ${mtrr}`]),
    ...(region === undefined ? [] : [`--region ${region}`]),
    ...(maps === undefined ? [] : [`--maps ${maps}`]),
    ...(pat === undefined ? [] : ["--nopat"]),
    ...(groups === undefined
      ? []
      : [`--with ${groups.length === GROUP_NAMES.length ? "all" : groups.join(",")}`]),
  ].join(" ");

function pairLines({ certificate, accepted }: Neighbours): string[] {
  const { before, after, levels } = certificate;
  const transitions = levels.reduce((sum, level) => sum + level.transitions, 0);
  const differences = certificate.witnesses.filter(
    ({ signature }) => !signature.startsWith("kept:"),
  );
  const count = `${transitions.toLocaleString("en-US")} transitions`;
  const title = ["", `## ${before} to ${after}`, ""];
  if (differences.length === 0) return [...title, `No difference (${count}).`];
  return [
    ...title,
    `${differences.length === 1 ? "One difference" : `${differences.length} differences`} (${count}).`,
    "",
    ...differences.flatMap(({ signature, trace }) => {
      const entry = accepted.entries.find((each) => each.signature === signature);
      const ops = trace.ops.slice(1).map((op) => `\`${opText(op)}\``);
      const why = entry === undefined ? [] : [`  ${whyOf(entry)}`];
      return [`- \`${signature}\`: ${ops.join(", ")}.`, ...why];
    }),
  ];
}

function whyOf({ reason, ref }: Baseline["entries"][number]): string {
  return ref === undefined ? reason : `${reason} (${ref})`;
}
