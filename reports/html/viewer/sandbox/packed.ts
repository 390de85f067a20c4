import { explained } from "../../../../src/asked/explain.ts";
import { modelNamed } from "../../../../src/models.ts";
import { closedTrace } from "../../../../src/trace/closed.ts";
import type { Step } from "../../../../src/trace/recording.ts";
import { sameData } from "../../../../src/trace/samedata.ts";
import type { Trace } from "../../../../src/trace/trace.ts";
import {
  bareStep,
  type PackedFinding,
  type PackedSide,
  type PackedReport,
  type ReportData,
  type ReportFinding,
  type SideRecording,
} from "../../../data.ts";
import { modelSides } from "./bench.ts";

/** What a model makes of a trace: its steps, and those of the exits that end its processes. */
interface Made {
  readonly steps: readonly Step[];
  readonly ending: readonly Step[];
}

/** `isTold`: with contexts and requests, which no kernel shows. */
function madeBy(id: string, trace: Trace, isTold: boolean): Made {
  const model = modelNamed(id);
  if (model === undefined) throw new Error(`there is no model ${id} in this page`);
  const options = { contexts: isTold, requests: isTold };
  const closed = explained(model.recordSync(closedTrace(trace), options)).steps;
  const bare = model.recordSync(closedTrace(trace), { contexts: isTold }).steps.map(bareStep);
  const { length } = trace.ops;
  return { steps: closed.slice(0, length), ending: bare.slice(length) };
}

/**
 * A report without the recordings that the page's own models make again, to the letter; most of a file
 * is recordings, and a model that stands for a kernel mostly shows what the kernel did.
 */
export function packReport(report: ReportData): PackedReport {
  const findings = report.findings.map((finding): PackedFinding => {
    const { before, after, trace } = finding;
    const models = modelSides(report.campaign, finding);
    return {
      ...finding,
      before: packSide(before, models.before, trace),
      after: packSide(after, models.after, trace),
    };
  });
  return { ...report, findings };
}

function packSide(side: SideRecording, model: string, trace: Trace): PackedSide {
  const { steps, ending, ...rest } = side;
  for (const isTold of [true, false]) {
    const made = madeBy(model, trace, isTold);
    const isWhole = ending === undefined || sameData(ending, made.ending);
    if (!isWhole || !sameData(steps, made.steps)) continue;
    return { ...rest, made: { model, isTold, hasEnding: ending !== undefined } };
  }
  return side;
}

/** The report again; a recording is made when it is looked at. */
export function unpackReport(report: PackedReport): ReportData {
  const findings = report.findings.map((finding): ReportFinding => {
    const { before, after, trace } = finding;
    return { ...finding, before: unpackSide(before, trace), after: unpackSide(after, trace) };
  });
  return { ...report, findings };
}

function unpackSide(side: PackedSide, trace: Trace): SideRecording {
  if (!("made" in side)) return side;
  const { made, ...rest } = side;
  let known: Made | null = null;
  const again = () => (known ??= madeBy(made.model, trace, made.isTold));
  return {
    ...rest,
    get steps() {
      return again().steps;
    },
    get ending() {
      return made.hasEnding ? again().ending : undefined;
    },
  };
}
