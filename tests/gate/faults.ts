import { readFileSync } from "node:fs";
import type { Fault } from "./checkout.ts";

/** The faults of sourcefaults.txt, which tells how it is written. */
export function sourceFaults(): Fault[] {
  return readFileSync("tests/gate/sourcefaults.txt", "utf8")
    .split(/^= /m)
    .slice(1)
    .map((text) => {
      const [name = "", ...lines] = text.trimEnd().split("\n");
      const [plain = "", beyond] = name.split(" ");
      return { name: plain, isBeyond: beyond === "(beyond)", edits: editsIn(lines) };
    });
}

function editsIn(lines: readonly string[]): Fault["edits"] {
  const edits: { file: string; was: string[]; is: string[] }[] = [];
  let file = "";
  let last = "";
  for (const line of lines.filter((one) => one !== "")) {
    const [sign = "", text] = [line[0], line.slice(1)];
    if (sign === "@") file = text.trim();
    else if (sign === "-" && last !== "-") edits.push({ file, was: [text], is: [] });
    else edits.at(-1)?.[sign === "-" ? "was" : "is"].push(text);
    last = sign;
  }
  return edits.map((edit) => ({ file, was: edit.was.join("\n"), is: edit.is.join("\n") }));
}
