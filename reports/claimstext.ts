import type { ReportClaim } from "./data.ts";
import { plural } from "./numbers.ts";
import { JUDGEMENT_TEXT } from "./html/words.ts";

/** What the claims were judged by. */
export interface ClaimsAbout {
  readonly before: string;
  readonly after: string;
  readonly runs: number;
  readonly seed: number;
  /** What was explored, in words. */
  readonly explored: string;
}

function aboutText({ before, after, runs, seed, explored }: ClaimsAbout): string {
  return `${before} against ${after}: ${plural(runs, "random trace")} (seed ${seed}), ${explored}, and the recordings of real kernels`;
}

const WIDTH = 96;

/** The claims for a terminal. */
export function claimsText(claims: readonly ReportClaim[], about: ClaimsAbout): string {
  const blocks = claims.map(({ number, claim, judgement, evidence, witness }) =>
    [
      ...folded(`${number}. ${claim}`, "", "   "),
      `   ${JUDGEMENT_TEXT[judgement].name.toUpperCase()}`,
      ...evidence.flatMap((sentence) => folded(sentence, "   - ", "     ")),
      ...(witness === undefined
        ? []
        : ["", ...witness.text.split("\n").map((line) => `   ${line}`.trimEnd())]),
    ].join("\n"),
  );
  return `The series' claims, judged by ${aboutText(about)}.\n\n${blocks.join("\n\n")}\n`;
}

/** The claims as GitHub-flavoured markdown. */
export function claimsMarkdown(claims: readonly ReportClaim[], about: ClaimsAbout): string {
  const table = claims.map(
    ({ number, claim, judgement }) =>
      `| ${number} | ${text(claim)} | **${JUDGEMENT_TEXT[judgement].name}** |`,
  );
  const blocks = claims.map(({ number, claim, judgement, evidence, witness }) =>
    [
      `### ${number}. ${JUDGEMENT_TEXT[judgement].name}`,
      text(claim),
      evidence.map((sentence) => `- ${text(sentence)}`).join("\n"),
      ...(witness === undefined ? [] : [`\`\`\`text\n${witness.text}\n\`\`\``]),
    ].join("\n\n"),
  );
  return [
    "## What the series claimed",
    `Each claim in our own words, judged by ${text(aboutText(about))}.`,
    ["| | claim | judgement |", "| ---: | --- | --- |", ...table].join("\n"),
    `${blocks.join("\n\n")}\n`,
  ].join("\n\n");
}

function text(plain: string): string {
  return plain.replace(/[\\`*_<>|#]/g, "\\$&");
}

/** Folds at spaces. */
function folded(sentence: string, first: string, rest: string): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of sentence.split(" ")) {
    const start = line === first || line === rest;
    if (!start && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = rest;
    }
    line += line === first || line === rest ? word : ` ${word}`;
  }
  return [...lines, line];
}
