import { isFault, SYMPTOMS, type Symptom } from "../../src/oracle/severity.ts";
import { sha256 } from "../../src/sha256.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { opText } from "../optext.ts";
import {
  explanation,
  fails,
  type JudgedReport,
  type JudgedSignature,
  verdictLine,
} from "./report.ts";

/** GitHub code scanning shows no more of a run; those that fail the gate come first. */
export const SARIF_MAX_RESULTS = 5_000;

/** What a SARIF file says beyond the report. */
export interface SarifOptions {
  readonly version: string;
  /** Where results are pinned: code scanning wants a file of the repository for each. */
  readonly file: string;
  /** The line of that file that names a signature; the first one stands for all that it does not name. */
  readonly lines?: ReadonlyMap<string, number>;
}

/** The lines of a baseline that name a signature, by the signature. */
export function signatureLines(baseline: string): Map<string, number> {
  const lines = new Map<string, number>();
  for (const [index, line] of baseline.split("\n").entries()) {
    const signature = /^\s*"signature": "([^"\\]+)",?$/.exec(line)?.[1];
    if (signature !== undefined && !lines.has(signature)) lines.set(signature, index + 1);
  }
  return lines;
}

/** What each symptom means, as the short description of its rule. */
const MEANING: Readonly<Record<Symptom, string>> = {
  leak: "A reservation that no mapping owns and nothing will free.",
  "over-retention": "A page stays reserved after its last mapping is gone.",
  "double-untrack": "An untrack finds no reservation of its own.",
  "wrong-owner-untrack": "An untrack shrinks or frees the reservation of another mapping.",
  "untracked-mapping": "A live tracked mapping has pages that no reservation covers.",
  refused: "mmap or fork fails for a conflict that exact tracking would not see.",
  "stale-memtype": "A mapping silently gets a cache mode that no live mapping needs.",
  alias: "Two live mappings of one page frame have different cache modes.",
  "missed-conflict": "A mapping succeeds although a live one of another cache mode overlaps it.",
  "mode-mismatch": "A page is mapped with another cache mode than its reservation has.",
  errno: "The two sides return different results and nothing else explains it.",
  refcount: "A tracking context's count differs from the VMAs that hold it.",
  warning: "The kernel warns.",
  bug: "The kernel meets a BUG or takes a lock twice.",
  crash: "The kernel's code reads or writes where no memory is.",
  hang: "The kernel does not come to the end of a call.",
  "kernel-leak": "The kernel keeps memory once no process is left.",
};

/**
 * SARIF 2.1.0: a rule per symptom, a result per signature with a fingerprint made from nothing
 * but the signature, known ones suppressed with the baseline's reason. Results beyond
 * SARIF_MAX_RESULTS are left out, and a notification says how many.
 */
export function sarif(report: JudgedReport, options: SarifOptions): string {
  const shown = report.signatures.slice(0, SARIF_MAX_RESULTS);
  const cut = report.signatures.length - shown.length;
  const log = {
    $schema:
      "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "pfndiff", version: options.version, rules: SYMPTOMS.map(rule) } },
        invocations: [invocation(report, cut)],
        results: shown.map((one) => result(one, options)),
        columnKind: "utf16CodeUnits",
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function rule(symptom: Symptom): object {
  const text = MEANING[symptom];
  return {
    id: symptom,
    name: `Pat${symptom.replaceAll(/(^|-)(\w)/g, (_, _dash, letter: string) => letter.toUpperCase())}`,
    shortDescription: { text },
    fullDescription: { text },
    help: {
      text: `${text} pfndiff replay shows a finding step by step, pfndiff repro makes a program of it.`,
      markdown: [
        text,
        "",
        "- `npx pfndiff replay SIGNATURE` shows it step by step on both sides;",
        "- `npx pfndiff repro SIGNATURE --format c` makes a program that shows it on a kernel;",
        "- `npx pfndiff gate --accept SIGNATURE --reason TEXT` accepts it.",
      ].join("\n"),
    },
    defaultConfiguration: { level: levelOf(symptom) },
  };
}

/** A fault is an error; a price, a warning or another answer is for a person to weigh. */
function levelOf(symptom: string): "error" | "warning" {
  return isFault(symptom) ? "error" : "warning";
}

function invocation(report: JudgedReport, cut: number): object {
  const { campaign } = report;
  const texts = [
    { level: "note", message: { text: verdictLine(report) } },
    ...campaign.goalsMissed.map((goal) => ({
      level: "error",
      message: { text: `The campaign missed the goal ${goal}.` },
    })),
    ...(cut === 0
      ? []
      : [{ level: "warning", message: { text: `${cut} more findings are left out.` } }]),
  ];
  const { before, after, seed, runs, ops, digest } = campaign;
  return {
    executionSuccessful: campaign.goalsMissed.length === 0,
    toolExecutionNotifications: texts,
    properties: { before, after, seed, runs, ops, digest },
  };
}

const BASELINE_STATE = {
  new: "new",
  changed: "updated",
  vanished: "absent",
  known: "unchanged",
  noted: "new",
} as const;

function result(one: JudgedSignature, { file, lines }: SarifOptions): object {
  const { signature, symptom, verdict, standing, reason, ref, seen } = one;
  const physicalLocation = {
    artifactLocation: { uri: file },
    region: { startLine: lines?.get(signature) ?? 1 },
  };
  return {
    ruleId: symptom,
    ...ruleIndex(symptom),
    level: fails(one) ? levelOf(symptom) : "note",
    message: { text: [signature, ...explanation(one)].join("\n") },
    locations: [
      {
        physicalLocation,
        logicalLocations: [{ name: signature, kind: "member" }],
      },
    ],
    // Code scanning takes the first for its own, which else it makes of the line, and lines move.
    partialFingerprints: {
      primaryLocationLineHash: `${fingerprint(signature).slice(0, 16)}:1`,
      "pfndiffSignature/v1": fingerprint(signature),
    },
    ...(seen === null ? {} : { codeFlows: [codeFlow(seen.trace, physicalLocation)] }),
    baselineState: BASELINE_STATE[standing],
    ...(standing === "known"
      ? { suppressions: [{ kind: "external", justification: reason ?? "in the baseline" }] }
      : {}),
    properties: {
      verdict,
      standing,
      ...(ref === null ? {} : { reference: ref }),
      ...(seen === null
        ? {}
        : { count: seen.count, side: seen.side, step: seen.step, trace: seen.trace }),
    },
  };
}

/** The steps of a trace; all are in the one place that the result has. */
function codeFlow({ ops }: Trace, physicalLocation: object): object {
  const locations = ops.map((op, step) => ({
    executionOrder: step + 1,
    location: { physicalLocation, message: { text: `${step}: ${opText(op)}` } },
  }));
  return { threadFlows: [{ locations }] };
}

/** A symptom of a baseline from another version has no rule here, only its id. */
function ruleIndex(symptom: string): { ruleIndex?: number } {
  const index = SYMPTOMS.findIndex((known) => known === symptom);
  return index < 0 ? {} : { ruleIndex: index };
}

/** The same for the same signature, whatever run, machine or version found it. */
function fingerprint(signature: string): string {
  return sha256(signature);
}
