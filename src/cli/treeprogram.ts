import type { Command } from "commander";
import { opening } from "./opening.ts";

const TEACHING = `
A kernel tree's own code, in a process (docs/TREES.md):
  pfndiff fuzz --before tree:~/linux@v6.15 --after tree:~/linux
  pfndiff conform --live tree:~/linux      random traces: does the model do what it does?
`;

/** Declares what every command that opens `tree:PATH` goes by. */
export function addTreeOptions(program: Command): void {
  program
    .option("--config <file>", "kernel options on top of ours, where tree:PATH is built")
    .addHelpText("after", TEACHING)
    .hook("preAction", (whole) => {
      opening.config = whole.opts<{ config?: string }>().config ?? null;
    });
}
