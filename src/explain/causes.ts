import { ModelSide } from "../engine/modelside.ts";
import { type Baseline, baselineOf, reasonOf } from "../gate.ts";
import type { ModelBackend } from "../model/backend.ts";
import { modelNamed, NEWEST } from "../models.ts";
import { LivePair } from "../oracle/livepair.ts";
import type { Sides } from "../trace/read.ts";
import type { Trace } from "../trace/trace.ts";
import { changesOf } from "./changes.ts";
import type { Cause, ToldSequence } from "./document.ts";
import type { Sequence } from "./search.ts";

const model = (id: string) => modelNamed(id) as ModelBackend;

/** The pair that shows what changed: the model of the sequence, and the nearest of the other design. */
function pairOf({ model: found, not }: Sequence): Sides {
  if (found.startsWith("legacy")) {
    return {
      before: found,
      after: not.find((id) => id.startsWith("modern")) ?? model(NEWEST.modern).id,
    };
  }
  const before = not.findLast((id) => id.startsWith("legacy")) ?? model(NEWEST.legacy).id;
  return { before, after: found };
}

/**
 * What the oracle finds in a trace between two models, each signature once, in the order of its steps.
 * What shows only once the sides have parted says nothing of a design and is left out.
 */
function signaturesIn(trace: Trace, { before, after }: Sides): string[] {
  const pair = new LivePair(new ModelSide(model(before)), new ModelSide(model(after)));
  const told = pair.run(trace).filter(({ verdict }) => verdict !== "parted");
  return [...new Set(told.map(({ signature }) => signature))];
}

/** A sequence with what the baseline of the pair knows of the findings that it shows there. */
export function tellCauses(sequence: Sequence, baseline: Baseline): ToldSequence {
  const sides = pairOf(sequence);
  const accepted = baselineOf(baseline, sides).entries;
  const causes = signaturesIn(sequence.trace, sides).map((signature): Cause => {
    const entry = accepted.find((one) => one.signature === signature);
    if (entry === undefined) return { signature };
    const { ref } = entry;
    return { signature, reason: reasonOf(entry), ...(ref === undefined ? {} : { ref }) };
  });
  const { needs, shows, not, refusal: _told, ...rest } = sequence;
  const lists = { needs: [...needs], shows: [...shows], not: [...not] };
  return { ...rest, ...lists, changes: changesOf(shows), ...sides, causes };
}
