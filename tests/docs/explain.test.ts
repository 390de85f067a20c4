import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { run } from "../cli/run.ts";

const text = readFileSync("docs/EXPLAIN.md", "utf8");
const CASE =
  /## ([^\n]+)\n(?:(?!\n## )[^])*?```log\n([^]*?)```\n\n```console\n\$ pfndiff ([^\n]+)\n([^]*?)```/g;
const cases = [...text.matchAll(CASE)].map(([, title, input, command, output]) => ({
  title,
  input: input ?? "",
  argv: [...(command ?? "").matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, said, word]) => said ?? word ?? "",
  ),
  output,
}));

describe("docs/EXPLAIN.md", () => {
  it("has three whole cases", () => {
    expect(cases).toHaveLength(3);
  });

  it.each(cases)("$title: the command says these very words", async ({ input, argv, output }) => {
    expect(await run(argv, { stdin: input })).toEqual({ status: 0, out: output, err: "" });
  });
});
