import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Argument, Command, Option } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { commandShape } from "../../../reports/formats/commands.ts";
import { completionScript, type Shell } from "../../../reports/formats/completion.ts";

const backends = ["legacy@6.1", "legacy@6.12", "modern@7.2"];

function program(): Command {
  const root = new Command("pfndiff").description("compares two designs");
  root
    .command("fuzz")
    .description("look for differences; it's quick")
    .option("-n, --runs <n>", "how many")
    .addOption(new Option("--before <id>", "a backend").choices(backends))
    .addOption(new Option("--secret", "hidden").hideHelp());
  root.command("completion").addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]));
  const kernel = root.command("kernel");
  kernel.command("fetch").option("--all");
  kernel.command("list");
  return root;
}

const folder = mkdtempSync(join(tmpdir(), "pfndiff-completion-"));
afterAll(() => rmSync(folder, { recursive: true }));

function script(shell: Shell): string {
  const path = join(folder, `pfndiff.${shell}`);
  writeFileSync(path, completionScript(shell, commandShape(program())));
  return path;
}

function has(shell: Shell): boolean {
  return spawnSync(shell, ["-c", "exit 0"]).status === 0;
}

for (const shell of ["fish", "zsh"] as const) {
  if (!has(shell)) process.stderr.write(`No completion in ${shell} (SKIPPED: it is not there)\n`);
}

/** What bash offers for a line with the cursor at its end. */
function inBash(line: string): string[] {
  const code = `source "$1"
COMP_LINE=$2 COMP_POINT=\${#2}
$(complete -p pfndiff | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync("bash", ["--norc", "-uc", code, "-", script("bash"), line], {
    encoding: "utf8",
  });
  return out.split("\n").filter((word) => word !== "");
}

function inFish(line: string): string[] {
  const code = "source $argv[1]; complete -C $argv[2]";
  const out = execFileSync("fish", ["--no-config", "-c", code, script("fish"), line], {
    encoding: "utf8",
    env: { ...process.env, HOME: folder },
  });
  return out.split("\n").flatMap((row) => (row === "" ? [] : [row.split("\t")[0] ?? ""]));
}

/** zsh completes only inside its line editor, so what it would be given is caught instead. */
function inZsh(line: string): string[] {
  const code = `compdef() { }
compadd() { shift; print -l -- "$@" }
_files() { print -- FILES }
source "$1"
words=("\${(@s: :)2}") CURRENT=$#words
_pfndiff`;
  const out = execFileSync("zsh", ["-fc", code, "-", script("zsh"), line], { encoding: "utf8" });
  return out.split("\n").filter((word) => word !== "");
}

describe("a completion script", () => {
  it("offers the commands, their subcommands and their options in bash", () => {
    expect(inBash("pfndiff ")).toEqual(["fuzz", "completion", "kernel"]);
    expect(inBash("pfndiff ker")).toEqual(["kernel"]);
    expect(inBash("pfndiff kernel ")).toEqual(["fetch", "list"]);
    expect(inBash("pfndiff kernel fetch --")).toEqual(["--all", "--help"]);
    expect(inBash("pfndiff fuzz -")).toEqual(["-n", "--runs", "--before", "-h", "--help"]);
    expect(inBash("pfndiff completion z")).toEqual(["zsh"]);
  });

  it("offers an option's values in bash, past the @ that bash takes for the end of a word", () => {
    expect(inBash("pfndiff fuzz --before ")).toEqual(backends);
    expect(inBash("pfndiff fuzz --before leg")).toEqual(["legacy@6.1", "legacy@6.12"]);
    expect(inBash("pfndiff fuzz --before legacy@6.1")).toEqual(["6.1", "6.12"]);
    expect(inBash("pfndiff fuzz --runs ")).toEqual([]);
  });

  it.skipIf(!has("fish"))("offers the same in fish", () => {
    expect(inFish("pfndiff ")).toEqual(expect.arrayContaining(["fuzz", "completion", "kernel"]));
    expect(inFish("pfndiff kernel ")).toEqual(expect.arrayContaining(["fetch", "list"]));
    expect(inFish("pfndiff kernel ")).not.toContain("fuzz");
    expect(inFish("pfndiff fuzz --before leg").sort()).toEqual(["legacy@6.1", "legacy@6.12"]);
    expect(inFish("pfndiff fuzz --r")).toEqual(["--runs"]);
  });

  it.skipIf(!has("zsh"))("offers the same in zsh", () => {
    expect(inZsh("pfndiff ")).toEqual(["fuzz", "completion", "kernel"]);
    expect(inZsh("pfndiff kernel ")).toEqual(["fetch", "list"]);
    expect(inZsh("pfndiff fuzz --before ")).toEqual(backends);
    expect(inZsh("pfndiff fuzz -")).toEqual(["-n", "--runs", "--before", "-h", "--help"]);
    expect(inZsh("pfndiff fuzz --runs ")).toEqual(["FILES"]);
  });

  it("does not show hidden options", () => {
    for (const shell of ["bash", "zsh", "fish"] as const) {
      expect(completionScript(shell, commandShape(program()))).not.toContain("secret");
    }
  });
});
