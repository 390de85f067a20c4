import type { Command } from "commander";

/** What commands are for, and those that do it, the usual ones first. */
const GROUPS: readonly (readonly [heading: string, commands: readonly string[]])[] = [
  ["Look for differences:", ["fuzz", "explore", "sweep", "corpus", "merge", "queue"]],
  [
    "Look at one:",
    ["explain", "why", "scenarios", "replay", "sandbox", "shrink", "repro", "record"],
  ],
  ["Real kernels, and trees:", ["doctor", "kernel", "conform", "judge", "bisect", "interleave"]],
  [
    "CI, other programs, help:",
    ["gate", "report", "matrix", "import", "schema", "completion", "help"],
  ],
  [
    "Studies of designs and of the oracle:",
    ["claims", "arena", "mutants", "zoo", "lattice", "bench"],
  ],
];

/** Puts the commands into groups and in their order; one that is in none is shown first, alone. */
export function groupCommands(program: Command): void {
  const placeOf = new Map(GROUPS.flatMap(([, names]) => names).map((name, at) => [name, at]));
  for (const [heading, names] of GROUPS) {
    for (const command of program.commands) {
      if (names.includes(command.name())) command.helpGroup(heading);
    }
  }
  const place = (command: Command) => placeOf.get(command.name()) ?? -1;
  // commander lists a program's commands in the order of this array.
  (program.commands as Command[]).sort((a, b) => place(a) - place(b));
}
