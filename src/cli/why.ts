import { eventText, opText, resultText } from "../../reports/optext.ts";
import { wrap } from "../../reports/folded.ts";
import { SYMPTOM_TEXT, VERDICT_TEXT } from "../../reports/html/words.ts";
import { replayCommand } from "../../reports/view.ts";
import { listText, workText } from "../../reports/worktext.ts";
import type { OpCalls } from "../explain/calls.ts";
import { RELEASES } from "../explain/releases.ts";
import { needsOf } from "../explain/search.ts";
import { type Behaviour, type Why, whyOf } from "../explain/why.ts";
import { SYMPTOMS, VERDICTS } from "../oracle/severity.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { releasesText } from "./explaintext.ts";
import { givenTrace, isSignature } from "./given.ts";
import { EXIT, type Io } from "./io.ts";

export interface WhyOptions {
  readonly before?: string;
  readonly after?: string;
}

/** Says of an accepted finding what happens in the kernel, on which releases, to whom, and how to see it. */
export async function why(io: Io, signature: string, options: WhyOptions): Promise<number> {
  const [given, symptomName, ...rest] = signature.split(":");
  const verdict = VERDICTS.find((known) => known === given);
  const symptom = SYMPTOMS.find((known) => known === symptomName);
  if (!isSignature(signature) || verdict === undefined || symptom === undefined) {
    throw new UserError(
      `${signature}: is no signature (verdict:symptom:cause, such as fixed:leak:unmap-head)`,
    );
  }
  const { trace, sides, reason = "", ref } = await givenTrace(io, signature, options);
  const found = whyOf(trace, symptom, rest.join(":"));
  const { name, meaning } = SYMPTOM_TEXT[symptom];
  const say = (lead: string, text: string) => wrap(lead, text, Math.min(io.columns, 100));
  const lines = [
    signature,
    ...say(
      "  ",
      `${name}: ${meaning}. ${VERDICT_TEXT[verdict].meaning} Before is ${sides.before}, after ${sides.after}.`,
    ),
    ...say("  ", `${reason}${ref === undefined ? "" : ` (${ref})`}`),
    "",
    ...say(
      "",
      `What happens, by its shortest sequence (virtual pages of a process; what is reserved and given back are pfns, counted from the start of the device):`,
    ),
    ...found.behaviours.flatMap((one) => ["", ...behaviourLines(one, trace, say)]),
    "",
    ...say("  since  ", sinceText(found)),
    ...say("  who    ", whoText(trace)),
    ...found.behaviours.flatMap((one, at) =>
      say(at === 0 ? "  see it " : "         ", seeText(one)),
    ),
    ...say(
      "         ",
      `${replayCommand(signature)}; as a program: npx pfndiff repro ${signature}`,
    ),
  ];
  await io.out(`${lines.map((line) => line.trimEnd()).join("\n")}\n`);
  return EXIT.ok;
}

type Say = (lead: string, text: string) => string[];

function behaviourLines({ releases, ops }: Behaviour, trace: Trace, say: Say): string[] {
  const steps = ops.flatMap((op, at) => {
    const done = trace.ops[at];
    const title = done === undefined ? "" : opText(done);
    return [
      ...say(`  ${String(at).padStart(2)}  `, `${title}: ${resultText(resultOf(op))}`),
      ...op.calls.flatMap((call) => say("        ", workText(call))),
    ];
  });
  return [
    ...say("", `On ${releasesText(releases)}:`),
    ...steps,
    ...say("      ", `left: ${listText(ops.at(-1)?.list ?? [])}`),
  ];
}

const resultOf = ({ outcome }: OpCalls) =>
  outcome === null ? { ok: true as const } : { errno: outcome };

/** The releases whose model shows it, those in between that do not, and what ended it. */
function sinceText({ shows }: Why): string {
  const all = RELEASES.map(({ id }) => id);
  const [first] = shows;
  const last = shows.at(-1);
  if (first === undefined || last === undefined) {
    return "no model shows it beside itself: it is a difference between two releases (above: what each does).";
  }
  const began = first === all[0] ? `the oldest release that is modelled, ${first}` : first;
  const next = all[all.indexOf(last) + 1];
  const ended =
    next === undefined
      ? `it is there on the newest one, ${last}`
      : `until ${last}; from ${next} on it is gone`;
  const gaps = all.slice(all.indexOf(first), all.indexOf(last)).filter((id) => !shows.includes(id));
  const between = gaps.length === 0 ? "" : ` Not on ${releasesText(gaps)}.`;
  return `${began}, ${ended}.${between} (By the models; docs/KERNELS.md tells which were compared with kernels.)`;
}

function whoText(trace: Trace): string {
  const needs = needsOf(trace);
  const calls = [...new Set(trace.ops.map(({ op }) => op))]
    .filter((op) => op !== "spawn")
    .join(", ");
  const who = needs.includes("driver")
    ? "users of a driver that does as drv- ops do: no program can do it alone"
    : "any program that may map the device";
  const failing = needs.includes("failing-allocation")
    ? " where an allocation fails (memory pressure)"
    : "";
  return `${who}${failing}. It takes: ${calls}.`;
}

/** What of it shows outside: lines of the log, and what is left of the list. */
function seeText({ releases, ops }: Behaviour): string {
  const lines = [...new Set(ops.flatMap(({ logged }) => logged.map(eventText)))];
  const log = lines.length === 0 ? "the log has nothing" : `the log has ${lines.join("; ")}`;
  return `${releasesText(releases)}: ${log}, and pat_memtype_list ends with ${listText(ops.at(-1)?.list ?? [])}.`;
}
