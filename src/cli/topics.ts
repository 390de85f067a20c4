import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { wrap } from "../../reports/folded.ts";
import { GLOSSARY } from "../../reports/glossary.ts";
import { SYMPTOM_TEXT, VERDICT_TEXT } from "../../reports/html/words.ts";
import { SYMPTOMS, VERDICTS } from "../oracle/severity.ts";
import { onDisk } from "../results/disk.ts";
import { UserError } from "../usererror.ts";
import { EXIT, EXIT_TEXT, type Io } from "./io.ts";

/** What there is help for besides commands, each made from the one description of it. */
const TOPICS: Readonly<Record<string, (columns: number) => string | Promise<string>>> = {
  words: (columns) => definitions(Object.entries(GLOSSARY), columns),
  symptoms: (columns) =>
    [
      "Symptoms, gravest first:",
      definitions(
        SYMPTOMS.map((symptom) => [symptom, SYMPTOM_TEXT[symptom].meaning]),
        columns,
      ),
      "Verdicts, what became of one from before to after:",
      definitions(
        VERDICTS.map((verdict) => [verdict, VERDICT_TEXT[verdict].meaning]),
        columns,
      ),
    ].join("\n"),
  exit: (columns) => exitText(columns),
  ops: async (columns) => {
    // The folder of results and its schemas are loaded only by what needs them.
    const { projectRoot } = await import("./files.ts");
    const path = join(projectRoot(), "docs", "OPS.md");
    return plainText(await onDisk(path, (file) => readFile(file, "utf8")), columns);
  },
};

export const TOPIC_NAMES: readonly string[] = Object.keys(TOPICS);

/** The exit statuses and what they mean, as text. */
export function exitText(columns: number): string {
  return definitions(Object.entries(EXIT_TEXT), columns);
}

/** Prints the help of a command, or of a topic. */
export async function help(io: Io, program: Command, words: readonly string[]): Promise<number> {
  const [first] = words;
  const topic = first === undefined || words.length > 1 ? undefined : TOPICS[first];
  if (topic !== undefined) {
    await io.out(await topic(Math.min(io.columns, 100)));
    return EXIT.ok;
  }
  let command = program;
  for (const word of words) {
    const inner = command.commands.find((one) => one.name() === word);
    if (inner === undefined) {
      const topics = TOPIC_NAMES.join(", ");
      throw new UserError(`no help for ${JSON.stringify(word)} (a command, or one of: ${topics})`);
    }
    command = inner;
  }
  command.outputHelp();
  return EXIT.ok;
}

/** Names, each with its meaning beside it. */
function definitions(rows: readonly (readonly [string, string])[], columns: number): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows
    .map(([name, meaning]) => lines(`  ${name.padEnd(width)}  `, meaning, columns))
    .join("");
}

const lines = (lead: string, text: string, columns: number) =>
  wrap(lead, text, columns)
    .map((line) => `${line}\n`)
    .join("");

/** A document as text: paragraphs and items within the width, a table's rows as names with the rest below. */
function plainText(markdown: string, columns: number): string {
  const blocks = markdown.split(/\n{2,}/).map((block) => {
    const [line = ""] = block.split("\n");
    if (line.startsWith("|")) return tableText(block.split("\n").slice(2), columns);
    if (line.startsWith("#")) return `${line.replace(/^#+ /, "").toUpperCase()}\n`;
    if (!line.startsWith("- ")) return lines("", plain(block), columns);
    return block
      .split(/^- /m)
      .slice(1)
      .map((item) => lines("  - ", plain(item), columns))
      .join("");
  });
  return blocks.join("\n");
}

function tableText(rows: readonly string[], columns: number): string {
  return rows
    .map((row) => {
      const [name = "", ...cells] = row
        .split("|")
        .slice(1, -1)
        .map((cell) => plain(cell).trim());
      const below = cells.filter((cell) => cell !== "");
      return `${lines("  ", name, columns)}${below.map((cell) => lines("      ", cell, columns)).join("")}`;
    })
    .join("");
}

/** Text without the marks of Markdown. */
function plain(text: string): string {
  return text
    .trim()
    .replaceAll(/`|\*\*/g, "")
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
}
