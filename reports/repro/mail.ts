import { SHORT_MODE } from "../../src/pat/cachemode.ts";
import type { Memtype, Recording } from "../../src/trace/recording.ts";
import { wrap } from "./ctext.ts";
import { stepOf } from "./expectation.ts";
import { type ReproInput, sideName } from "./input.ts";
import { checkText, type Program, recordedText, reproProgram } from "./program.ts";

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
 * The finding as the plain text of a mail, at most 75 columns, command first. It is only text:
 * nothing here sends it. UserError where user space cannot see the symptom.
 */
export function mailText(input: ReproInput, options: MailOptions): string {
  const program = reproProgram(input);
  const { finding } = program;
  const names = { before: sideName(input.before, "before"), after: sideName(input.after, "after") };
  const lines = [
    ...folded(options.command, "    ", " \\"),
    "",
    ...paragraph(`${finding.signature}: ${finding.detail}`),
    "",
    ...(options.reason === undefined ? [] : [...paragraph(options.reason), ""]),
    ...paragraph(sidesText(program)),
    "",
    ...paragraph(
      `Before is ${names.before}, after is ${names.after}; "!" marks steps that differ.`,
    ),
    "",
    ...table(program, input),
    "",
    ...referenceLines(options.references),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function sidesText(program: Program): string {
  return `Expected: ${checkText(program)} ${recordedText(program).join(" ")}`;
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
  const events = step.events.map((event) => `log: ${event.kind}`);
  return [`${result}; ${list}`, ...events].join("; ");
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

/** Words longer than a line have to break somewhere. */
function cut(line: string, width: number): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < line.length; from += width) pieces.push(line.slice(from, from + width));
  return pieces.length === 0 ? [""] : pieces;
}

function plain(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, " ");
}

function referenceLines(references: readonly string[]): string[] {
  if (references.length === 0) return [];
  return ["References:", ...references.flatMap((reference) => folded(reference, "  ", ""))];
}
