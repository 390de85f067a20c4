import type { Argument, Command, Option } from "commander";

/** An option as a completion sees it. */
export interface OptionShape {
  /** Its spellings, such as `-q` and `--quiet`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** What its value may be; empty where it is free. */
  readonly choices: readonly string[];
}

/** A command, its options and its subcommands. */
export interface CommandShape {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionShape[];
  /** What its arguments may be, besides files. */
  readonly choices: readonly string[];
  readonly commands: readonly CommandShape[];
}

/** What an option or an argument of a command may be, where the program itself does not say. */
export type Offers = (of: Option | Argument, command: string) => readonly string[];

/** The shape of a commander program; hidden options are left out. */
export function commandShape(command: Command, offers: Offers = () => []): CommandShape {
  const name = command.name();
  const options = command.options.filter((option) => !option.hidden);
  return {
    name,
    description: firstLine(command.summary() || command.description()),
    options: [
      ...options.map((option) => ({
        flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
        description: firstLine(option.description),
        takesValue: option.required || option.optional,
        choices: option.argChoices ?? offers(option, name),
      })),
      { flags: ["-h", "--help"], description: "show help", takesValue: false, choices: [] },
    ],
    choices: command.registeredArguments.flatMap(
      (argument) => argument.argChoices ?? offers(argument, name),
    ),
    commands: command.commands.map((inner) => commandShape(inner, offers)),
  };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

/** A command with the names that lead to it: ["kernel", "fetch"]; the program itself has none. */
export interface PlacedCommand {
  readonly path: readonly string[];
  readonly command: CommandShape;
}

/** A program and everything under it, outermost first. */
export function allCommands(root: CommandShape): PlacedCommand[] {
  const under = (path: readonly string[], command: CommandShape): PlacedCommand[] => [
    { path, command },
    ...command.commands.flatMap((inner) => under([...path, inner.name], inner)),
  ];
  return under([], root);
}
