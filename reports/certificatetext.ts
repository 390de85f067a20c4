import type { Certificate } from "../fuzz/explore/certificate.ts";
import { GROUP_NAMES } from "../fuzz/explore/groups.ts";
import { boundsText } from "../src/trace/bounds.ts";
import type { Trace } from "../src/trace/trace.ts";

/** A certificate as text: levels, the shortest witness of each signature, and what is absent. */
export function certificateText(
  certificate: Certificate,
  isKnown: (signature: string) => boolean,
): string {
  const { before, after, levels, differences, sides } = certificate;
  const lines = [
    `${before} -> ${after}, every sequence of ops for ${scope(certificate)}`,
    ...(certificate.beganParted
      ? ["The sides have parted when the beginning is over: no signature is judged."]
      : []),
    "",
    row("depth", "transitions", "states", "hash of the level"),
    ...levels.map(({ depth, transitions, states, hash }) =>
      row(`${depth}`, `${transitions}`, `${states}`, hash),
    ),
    "",
    ...(certificate.judged ? witnessLines(certificate, isKnown) : []),
    ...differences.map(({ aspect, transitions, depth }) =>
      depth === undefined
        ? `${aspect}: the same on both sides after every transition`
        : `${aspect}: differs after ${transitions} transitions, first after ${depth} ops`,
    ),
    "",
    ...sides.map(({ side, absent }) => {
      const backend = side === "before" ? before : after;
      const what = absent.length === 0 ? "every symptom shows" : `no ${absent.join(", no ")}`;
      return `${side}, ${backend}: ${what}, for ${scope(certificate)}`;
    }),
  ];
  return `${lines.join("\n")}\n`;
}

function witnessLines(
  { witnesses }: Certificate,
  isKnown: (signature: string) => boolean,
): string[] {
  const lines = witnesses.map(
    ({ signature, depth }) =>
      `${String(depth).padStart(3)}  ${signature}${isKnown(signature) ? "" : "  (not in the baseline)"}`,
  );
  const none = witnesses.length === 0 ? ["  -  none"] : [];
  return ["ops  signature (the fewest ops that show it)", ...lines, ...none, ""];
}

function scope({ bounds }: Certificate): string {
  const { with: groups = [], begin } = bounds;
  return [
    boundsText(bounds),
    ...(begin === undefined ? [] : [beginningText(begin)]),
    ...(groups.length === 0 ? [] : [`with ${wordsOf(groups)}`]),
  ].join(", ");
}

function beginningText({ ops, world }: Trace): string {
  const count = ops.length === 1 ? "1 op" : `${ops.length} ops`;
  return `beside a beginning of ${count} (${world.pfns} pfns, ${world.vpages} vpages)`;
}

const wordsOf = (groups: readonly string[]) =>
  GROUP_NAMES.every((name) => groups.includes(name)) ? "every group" : groups.join(", ");

function row(depth: string, transitions: string, states: string, hash: string): string {
  return `${depth.padStart(5)} ${transitions.padStart(12)} ${states.padStart(12)}  ${hash}`;
}
