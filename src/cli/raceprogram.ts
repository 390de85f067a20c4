import { type Command, Option } from "commander";
import { POINT_KINDS } from "../trace/both.ts";
import type { Io } from "./io.ts";
import { type Done, wholeNumber } from "./options.ts";

const TEACHING = `
Two tasks of the op "both" run by turns in the tree's own code: every schedule in which a task is stopped inside of a
call so many times at most, each from a fresh state (docs/RACES.md). An outcome that no order of whole ops gives is a
race; it is told with its shortest schedule. Exit 1 where there is one, of two trees where the second introduces one.
  pfndiff interleave scenario:revoke-munmap --on tree:~/linux
  pfndiff interleave scenarios --on tree:~/linux        a table of all scenarios
  pfndiff interleave scenario:revoke-mprotect --on tree:~/linux --points memory --preemptions 3
  pfndiff interleave race.json --before tree:~/linux@v6.15 --after tree:~/linux --out races
  pfndiff interleave races/after/revoke-fork-1.json --on tree:~/linux     a saved schedule, point by point
  pfndiff interleave scenarios --on tree:~/linux --json > searches.jsonl  the counts, to be checked by anybody:
  pfndiff interleave --verify searches.jsonl

A trace of one's own (a, b: one to 16 ops each; a process that revokes is not the one that is revoked from):
  {"format": "pfndiff/trace@1", "name": "mine", "world": {"pfns": 8, "vpages": 16, "mtrr": "uncached"}, "ops": [
    {"op": "spawn", "proc": 0}, {"op": "spawn", "proc": 1},
    {"op": "mmap", "proc": 0, "at": 0, "pages": 8, "pfn": 0, "via": "resource", "prot": "rw", "private": false},
    {"op": "both", "a": [{"op": "revoke", "proc": 1}], "b": [{"op": "munmap", "proc": 0, "at": 0, "pages": 8}]},
    {"op": "exit", "proc": 0}]}

Scenarios: revoke-munmap, revoke-munmap-shared, revoke-munmap-silent, revoke-fork, revoke-mremap, revoke-mprotect, revoke-exit, zap-munmap,
munmap-exit.
`;

/** Declares the command about two tasks at once; what it does is loaded when it runs. */
export function addInterleave(program: Command, io: Io, done: Done): void {
  program
    .command("interleave")
    .description("run two tasks by turns in a tree's code: every schedule, and what only some give")
    .argument("[trace]", "a trace with an op `both`, scenario:NAME, or scenarios for all of them")
    .option("--on <tree>", "the tree (tree:PATH, tree:PATH@REV)")
    .addOption(new Option("--before <tree>", "compare with another: before").conflicts("on"))
    .addOption(new Option("--after <tree>", "and after").conflicts("on"))
    .addOption(
      new Option("--preemptions <n>", "how often a task is stopped inside of a call, at most")
        .argParser(wholeNumber(0, 16))
        .default(2),
    )
    .addOption(
      new Option(
        "--points <where>",
        "where: locks, or memory for accesses of VMAs' flags and tracking too (default: as the trace says, or locks)",
      ).choices(POINT_KINDS),
    )
    .option("--out <dir>", "save the shortest schedule of each race there, as a trace")
    .option("--json", "print pfndiff/interleave@1 objects on stdout, a line for each search")
    .addOption(
      new Option("--verify <file>", "do the searches of such a file again, and compare").conflicts([
        "before",
        "after",
        "out",
      ]),
    )
    .addHelpText("after", TEACHING)
    .action(async (trace, options) =>
      done(await (await import("./interleave.ts")).interleave(io, trace, options)),
    );
}
