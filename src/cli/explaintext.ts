import { requestText, worksText } from "../../reports/askedtext.ts";
import { wrap } from "../../reports/folded.ts";
import { opText } from "../../reports/optext.ts";
import { explained } from "../asked/explain.ts";
import type { Answer, Cause, Explanation, ToldSequence } from "../explain/document.ts";
import { RELEASES } from "../explain/releases.ts";
import type { ModelBackend } from "../model/backend.ts";
import { modelNamed } from "../models.ts";
import { oneLine } from "./io.ts";
import { stateTexts } from "./statetext.ts";

/** Words that a driver author may not know, and what they mean; told where each first stands. */
const TERMS: readonly (readonly [term: string, meaning: string])[] = [
  [
    "reservation",
    "an entry of the memtype list: a physical range and the cache mode that every mapping of it must have",
  ],
  [
    "memtype list",
    "the kernel's record of physical ranges and their cache modes, /sys/kernel/debug/x86/pat_memtype_list",
  ],
  ["MTRR", "the firmware's table of cache modes; it makes write-back over a device uncached-minus"],
  ["write-combining", "WC: stores are gathered and sent in bursts, as for frame buffers"],
  ["uncached-minus", "UC-: not cached; what a plain map of a PCI BAR asks for"],
  ["write-back", "WB: cached as RAM is"],
  ["write-through", "WT: reads are cached, writes go through"],
  ["pfn", "number of a physical page; in a sequence counted from the start of the region"],
];

/** Tells what a term means where it first stands. */
class Terms {
  private readonly left = new Map(TERMS);

  told(text: string): string {
    const places = [...this.left].flatMap(([term, meaning]) => {
      const found = new RegExp(`\\b${term}(?:s|ed)?\\b`, "i").exec(text);
      return found === null ? [] : [{ term, meaning, end: found.index + found[0].length }];
    });
    let told = text;
    for (const { term, meaning, end } of places.sort((a, b) => b.end - a.end)) {
      told = `${told.slice(0, end)} (${meaning})${told.slice(end)}`;
      this.left.delete(term);
    }
    return told;
  }
}

const plain = (lead: string, text: string, columns: number) =>
  wrap(lead, text, columns)
    .map((line) => `${line.trimEnd()}\n`)
    .join("");

/** An explanation as text for people, in lines of a width. */
export class ExplanationText {
  private readonly terms = new Terms();

  constructor(private readonly columns: number) {}

  private say(lead: string, text: string): string {
    return plain(lead, this.terms.told(oneLine(text)), this.columns);
  }

  whole(explanation: Explanation): string {
    const state = stateTexts(explanation).map((text) => this.say("", text));
    const log = this.log(explanation);
    return [...(log === "" ? [] : [log]), ...state].join("\n");
  }

  private log(explanation: Explanation): string {
    const { lines, answers } = explanation;
    if (lines.length === 0) return "";
    return [
      this.head(explanation),
      this.meanings(explanation),
      ...answers.map((a) => this.answer(a, explanation)),
    ].join("\n");
  }

  private head({ release, models, later, fixes = [] }: Explanation): string {
    const named =
      release === undefined
        ? `No release is named; taken for ${models.join(" and ")}, the newest of both designs (--release tells).`
        : `Release ${release}: ${models.map((id) => standIn(id, release)).join(", ")}.`;
    const boot =
      later === undefined
        ? ""
        : this.say(
            "",
            `From line ${later.line} on the log is of ${later.release}: give what is of that boot by itself, since all of it is explained as if of one release.`,
          );
    const lacking = fixesText(fixes);
    return `${this.say("", named)}${lacking === "" ? "" : this.say("", lacking)}${boot}`;
  }

  private meanings({ lines }: Explanation): string {
    return lines
      .map(({ line, text, count, meaning }) => {
        const times = count > 1 ? ` (${count} times)` : "";
        return [
          `${oneLine(`${line}: ${text}${times}`)}\n`,
          this.say("  asked  ", meaning.asked),
          this.say("  stood  ", meaning.stood),
          this.say("  got    ", meaning.got),
        ].join("");
      })
      .join("\n");
  }

  private answer({ lines, sequences }: Answer, { tried }: Explanation): string {
    const which = `${lines.length === 1 ? "Line" : "Lines"} ${lines.join(", ")}`;
    if (sequences.length === 0) {
      return this.say(
        "",
        `${which}: no sequence of ${countText(tried)} tried gives this. The models may not have what it takes (a driver's own code, hotplug, a race).`,
      );
    }
    const head = `${which}: the shortest sequences of ops that give this, found by trying ${countText(tried)} traces on the models (pages are counted from the start of the device):`;
    return [this.say("", head), ...sequences.map((one, at) => this.sequence(one, at))].join("\n");
  }

  private sequence(sequence: ToldSequence, at: number): string {
    const { trace, needs, shows, not, causes } = sequence;
    const ops = trace.ops
      .map((op, step) => `     ${String(step).padStart(2)}  ${oneLine(opText(op))}\n`)
      .join("");
    const needed = {
      driver: "It needs a driver: a program alone cannot do it.",
      "failing-allocation":
        "It needs an allocation that fails (memory pressure, or fault injection).",
    };
    const what =
      needs.length === 0
        ? "A program that may map the device can do it."
        : needs.map((need) => needed[need]).join(" ");
    return [
      this.say(`  ${at + 1}. `, what),
      ops,
      this.say("     why: ", this.why(sequence)),
      this.say("     same on: ", releasesText(shows)),
      not.length === 0 ? "" : this.say("     not on:  ", releasesText(not)),
      this.say("     ", changeText(sequence)),
      ...causes.map((cause) => plain("     shows: ", causeText(cause), this.columns)),
      this.say(
        "     see it: ",
        `save it with --out FILE${at === 0 ? "" : ` --pick ${at + 1}`}, then pfndiff replay FILE --before ${sequence.before} --after ${sequence.after}`,
      ),
    ].join("");
  }

  /** What was refused or given otherwise in the last step, and which call would have worked. */
  private why({ trace, model }: ToldSequence): string {
    const steps = explained(
      (modelNamed(model) as ModelBackend).recordSync(trace, { contexts: true, requests: true }),
    ).steps;
    const last = steps.at(-1);
    const op = trace.ops.at(-1);
    const request = last?.requests?.find(({ asked, got }) => got !== asked);
    if (last === undefined || op === undefined) return "";
    if (request === undefined) {
      const list = last.memtype.map(({ start, end, type }) => `[${start},${end}) ${type}`);
      return `the last op leaves ${list.length === 0 ? "nothing reserved" : `reserved: ${list.join(", ")}`}.`;
    }
    const works = worksText(request, op, trace.world);
    return `${requestText(request)}.${works === null ? "" : ` Instead, ${works}.`}`;
  }
}

const all = RELEASES.map(({ id }) => id);

/** A model and what it is to a release: of its series, or only the nearest that there is. */
/** How many, by the hundred where they are many: each accepted finding adds one. */
const countText = (count: number) =>
  count < 100 ? `${count}` : `more than ${Math.floor(count / 100) * 100}`;

/** Which fixes of its tracking a release lacks, and of which it is not known; empty where it has all. */
function fixesText(fixes: NonNullable<Explanation["fixes"]>): string {
  const those = (has: "no" | "unknown") =>
    fixes
      .filter((fix) => fix.has === has)
      .map(({ commit, does, since }) => `${commit} (${does}; in ${since})`)
      .join(", ");
  const [lacks, unknown] = [those("no"), those("unknown")];
  return [
    ...(lacks === "" ? [] : [`Its tracking lacks ${lacks}.`]),
    ...(unknown === "" ? [] : [`Whether it has this is not known: ${unknown}.`]),
  ].join(" ");
}

function standIn(id: string, release: string): string {
  const series = id.split("@")[1]?.split(".").slice(0, 2).join(".") ?? "";
  const isOf =
    release === id || new RegExp(`^v?${series.replace(".", "\\.")}(?!\\d)`).test(release);
  return isOf
    ? `the model ${id} stands for it`
    : `no model is of its series; ${id} is the nearest, and whether it does the same is unverified`;
}

/** Releases in runs of neighbours. */
export function releasesText(ids: readonly string[]): string {
  const runs: string[][] = [];
  for (const id of ids) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run !== undefined && last !== undefined && all.indexOf(last) + 1 === all.indexOf(id))
      run.push(id);
    else runs.push([id]);
  }
  return runs.map((run) => (run.length === 1 ? run[0] : `${run[0]} to ${run.at(-1)}`)).join(", ");
}

/** From which release on it is otherwise. */
function changeText({ shows, not, changes }: ToldSequence): string {
  const by = changes.map((one) => ` It ${one.how} with ${one.by}.`).join("");
  return `${sinceText(shows, not)}${by}`;
}

function sinceText(shows: readonly string[], not: readonly string[]): string {
  if (not.length === 0) return "It is the same on every release that is modelled.";
  const last = shows.at(-1) ?? "";
  const later = all.slice(all.indexOf(last) + 1);
  if (later.length > 0) return `From ${later[0]} on it does not happen any more.`;
  const before = not.at(-1) ?? "";
  return `It began after ${before}, and happens on the newest release that is modelled (${last}).`;
}

function causeText({ signature, reason, ref }: Cause): string {
  if (reason === undefined) return `${signature} (the baseline of this pair has no reason for it).`;
  return `${signature}: ${reason}${ref === undefined ? "" : ` (${ref})`}`;
}
