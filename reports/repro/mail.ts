import { SHORT_MODE } from "../../src/pat/cachemode.ts";
import type { Memtype, Recording, TraceEvent } from "../../src/trace/recording.ts";
import type { Verdict } from "../../src/oracle/severity.ts";
import { addressOf, headline } from "../html/words.ts";
import { eventText } from "../optext.ts";
import { cCode } from "./c.ts";
import { hex } from "./calls.ts";
import { isStraight, usageOf } from "./cstraight.ts";
import { wrap } from "./ctext.ts";
import { stepOf } from "./expectation.ts";
import type { ReproInput } from "./input.ts";
import { type MailProgram, mailProgram } from "./mailprogram.ts";
import { checkText, type Program, reproProgram } from "./program.ts";

/** What a mail says beyond the finding itself. */
export interface MailOptions {
  /** The command that shows the finding. */
  readonly command: string;
  /** Upstream references: commits, threads, bug reports. */
  readonly references: readonly string[];
  /** Why it happens, in a sentence or two. */
  readonly reason?: string;
}

/** The longest line: what survives a few levels of quoting in 80 columns. */
const WIDTH = 75;

/**
 * The finding as the plain text of a mail: a subject with the subsystem, what was seen on which kernel, step by
 * step, a program that shows it, and tags. It is only text: nothing here sends it. UserError where user
 * space cannot see the symptom.
 */
export function mailText(input: ReproInput, options: MailOptions): string {
  const program = reproProgram(input);
  const { finding } = program;
  const few = isStraight(program) ? mailProgram(program) : null;
  const { code, says } = few ?? wholeProgram(program);
  const lines = [
    `Subject: ${subsystemOf(program)}: ${subjectOf(finding)}`,
    "",
    ...aboutText(input, options),
    ...paragraph(
      `Before is ${program.sides[0]?.name}, after is ${program.sides[1]?.name}; "!" marks steps that differ. Pages are counted from the start of the window; the memory type list is as after the step.`,
    ),
    "",
    ...table(program, input),
    "",
    "To see it without a kernel:",
    "",
    ...commandLines(options.command),
    "",
    ...tagLines(finding.verdict, options.references),
    "---",
    ...paragraph(says),
    "",
    ...code.trimEnd().split("\n"),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

/** What a finding is, why, and who was asked: paragraphs, each with an empty line behind it. */
export function aboutText(input: ReproInput, { reason }: MailOptions): string[] {
  const program = reproProgram(input);
  const { finding, sides } = program;
  return [
    ...paragraph(`${sentence(finding.detail)} (${finding.signature})`),
    "",
    ...(reason === undefined ? [] : [...paragraph(reason), ""]),
    ...paragraph(`Expected: ${checkText(program)}`),
    "",
    ...sides.flatMap(({ name, passes }) =>
      paragraph(`Tested: ${name}: ${passes ? "it holds" : "it does not"}.`),
    ),
    "",
  ];
}

/** Who maintains what the finding is about: an errno is the call's, all else the tracking's. */
function subsystemOf({ finding }: Program): string {
  const { symptom, trace, step } = finding;
  const op = trace.ops[step]?.op;
  return symptom === "errno" && op !== undefined && op !== "fork" ? `mm/${op}` : "x86/mm/pat";
}

/** The finding's headline, as what follows a colon. */
export function subjectOf({ symptom, signature }: Program["finding"]): string {
  const text = headline({ symptom, cause: signature.split(":").slice(2).join(":") });
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
}

/** What takes more than a few lines, with its checks. */
function wholeProgram(program: Program): MailProgram {
  const usage =
    program.vias.length === 0 && isStraight(program)
      ? "it takes no arguments"
      : `as root: repro ${usageOf(program)}`;
  const says = `A program that shows it on a kernel (${usage}). Its exit status is 0 for PASS, 1 for FAIL, 4 for SKIP.`;
  return { code: cCode(program), says };
}

/** A step a line, and under it what each side returned and reserved. */
function table(program: Program, { before, after }: ReproInput): string[] {
  return program.steps.flatMap((step) => {
    const left = sideText(before, step.index);
    const right = sideText(after, step.index);
    const mark = left === right ? " " : "!";
    const heading = folded(step.text, `${mark} ${String(step.index).padStart(2)}  `, "");
    if (left === right) return [...heading, ...folded(left, "        ", "")];
    return [
      ...heading,
      ...folded(`before  ${left}`, "        ", ""),
      ...folded(`after   ${right}`, "        ", ""),
    ];
  });
}

function sideText(recording: Recording, index: number): string {
  const step = stepOf(recording, index);
  const result = "errno" in step.result ? step.result.errno : "ok";
  const list =
    step.memtype.length === 0 ? "nothing reserved" : step.memtype.map(entryText).join(" ");
  return [`${result}; ${list}`, ...step.events.map((event) => `log: ${logLine(event)}`)].join("; ");
}

/** A line as the kernel's log has it; addresses are offsets in the window. */
function logLine(event: TraceEvent): string {
  switch (event.kind) {
    case "invalid-free":
      return `x86/PAT: repro:PID freeing invalid memtype ${memText(event)}`;
    case "conflict":
      return `x86/PAT: repro:PID conflicting memory types ${memText(event)} ${event.found}<->${event.other}`;
    case "reserve-failed":
      return `x86/PAT: memtype_reserve failed ${memText(event)}, track ${event.track}, req ${event.request}`;
    case "type-mismatch":
      return `x86/PAT: repro:PID map pfn expected mapping type ${event.request} for ${memText(event)}, got ${event.got}`;
    default:
      return eventText(event);
  }
}

function memText({ start, end }: { readonly start: number; readonly end: number }): string {
  return `[mem +${hex(start * 4096)}-+${hex(end * 4096 - 1)}]`;
}

function entryText({ start, end, type }: Memtype): string {
  return `[${start},${end})${SHORT_MODE[type]}`;
}

function paragraph(text: string): string[] {
  return wrap(plain(text), WIDTH).flatMap((line) => cut(line, WIDTH));
}

/** Folds at spaces under one indentation; `joint` ends every line but the last. */
function folded(text: string, indent: string, joint: string): string[] {
  const width = WIDTH - indent.length - joint.length;
  const pieces = wrap(plain(text), width).flatMap((line) => cut(line, width));
  return pieces.map((piece, index) =>
    `${index === 0 ? indent : " ".repeat(indent.length)}${piece}${index < pieces.length - 1 ? joint : ""}`.trimEnd(),
  );
}

/** A command of one line may go on behind a backslash; one with a document below it is left as it is. */
function commandLines(command: string): string[] {
  const lines = command.split("\n");
  return lines.length > 1 ? lines : folded(command, "    ", " \\");
}

/** Words longer than a line have to break somewhere. */
function cut(line: string, width: number): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < line.length; from += width) pieces.push(line.slice(from, from + width));
  return pieces.length === 0 ? [""] : pieces;
}

function plain(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, " ");
}

/** What was introduced by a commit it fixes; a thread is linked; any other commit is named. */
export function tagLines(verdict: Verdict, references: readonly string[]): string[] {
  return references.flatMap((reference) => {
    if (/^[0-9a-f]{12} \(".+"\)$/.test(reference)) {
      return verdict === "introduced"
        ? [`Fixes: ${reference}`]
        : paragraph(`See commit ${reference}.`);
    }
    const address = addressOf(reference);
    return address === null ? paragraph(`See ${reference}.`) : [`Link: ${address}`];
  });
}
