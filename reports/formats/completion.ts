import { assertNever } from "../../src/assertnever.ts";
import {
  allCommands,
  type CommandShape,
  type OptionShape,
  type PlacedCommand,
} from "./commands.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

/** A script that teaches a shell the commands, options and values of a program. */
export function completionScript(shell: Shell, root: CommandShape): string {
  switch (shell) {
    case "bash":
      return bash(root);
    case "zsh":
      return zsh(root);
    case "fish":
      return fish(root);
    default:
      return assertNever(shell);
  }
}

/** Words that may stand unquoted in all three shells; anything else is not offered. */
function plainWords(words: readonly string[]): string {
  return words.filter((word) => /^[\w@%+:.,/-]+$/.test(word)).join(" ");
}

function pathKey(path: readonly string[]): string {
  return path.map((name) => `/${name}`).join("");
}

/** The walk that bash and zsh share: which command the words before the cursor lead to. */
function walkCases(root: CommandShape): string {
  return allCommands(root)
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `      "${pathKey(path)}") path="${pathKey(path)}" ;;\n`)
    .join("");
}

/** What may follow an option: its values, or a file. */
function valueCases(root: CommandShape): string {
  return allCommands(root)
    .flatMap(({ path, command }) =>
      command.options.filter(({ takesValue }) => takesValue).map((option) => ({ path, option })),
    )
    .map(({ path, option }) => {
      const patterns = option.flags.map((flag) => `"${pathKey(path)} ${flag}"`).join("|");
      return `    ${patterns}) candidates="${plainWords(option.choices)}"; found=1 ;;\n`;
    })
    .join("");
}

/** What may stand where no option's value is due. */
function wordCases(root: CommandShape): string {
  return allCommands(root)
    .map(({ path, command }) => {
      const flags = plainWords(command.options.flatMap((option) => option.flags));
      const words = plainWords([...command.commands.map(({ name }) => name), ...command.choices]);
      return `    "${pathKey(path)}") flags="${flags}"; words="${words}" ;;\n`;
    })
    .join("");
}

function bash(root: CommandShape): string {
  const name = `_${root.name.replaceAll(/\W/g, "_")}`;
  return `# bash completion for ${root.name}
${name}() {
  local line=\${COMP_LINE:0:COMP_POINT} path="" flags="" words="" candidates="" found="" word
  local -a typed
  # Words are split at spaces alone: bash itself would split them at @ and : too.
  read -ra typed <<< "$line"
  [[ $line == *[[:space:]] ]] && typed+=("")
  local last=$((\${#typed[@]} - 1))
  local current=\${typed[last]} previous=\${typed[last - 1]}
  for word in "\${typed[@]:1:last-1}"; do
    case "$path/$word" in
${walkCases(root)}    esac
  done
  case "$path $previous" in
${valueCases(root)}  esac
  if [[ -z $found ]]; then
    case "$path" in
${indent(wordCases(root))}    esac
    if [[ $current == -* ]]; then candidates=$flags; else candidates=$words; fi
  fi
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
  # The part up to the last @ or : is a word of its own to bash, and stays.
  if [[ $current == *[@:]* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${current%"\${current##*[@:]}"}"}")
  fi
}
complete -o default -F ${name} ${root.name}
`;
}

function zsh(root: CommandShape): string {
  const name = `_${root.name.replaceAll(/\W/g, "_")}`;
  return `#compdef ${root.name}
# zsh completion for ${root.name}
${name}() {
  local path_="" flags="" offered="" candidates="" found="" word
  local current=$words[CURRENT] previous=$words[CURRENT-1]
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$path_/$word" in
${walkCases(root).replaceAll("path=", "path_=")}    esac
  done
  case "$path_ $previous" in
${valueCases(root)}  esac
  if [[ -z $found ]]; then
    case "$path_" in
${indent(wordCases(root)).replaceAll("; words=", "; offered=")}    esac
    if [[ $current == -* ]]; then candidates=$flags; else candidates=$offered; fi
  fi
  if [[ -n $candidates ]]; then
    compadd -- \${(z)candidates} || _files
  else
    _files
  fi
}
# Loaded by fpath the file is the function; sourced it has to register it.
if [[ $funcstack[1] == ${name} ]]; then ${name} "$@"; else compdef ${name} ${root.name}; fi
`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}

function fish(root: CommandShape): string {
  const lines = allCommands(root).flatMap((placed) => fishCommand(root, placed));
  return `# fish completion for ${root.name}\n${lines.join("\n")}\n`;
}

function fishCommand(root: CommandShape, { path, command }: PlacedCommand): string[] {
  const inner = command.commands.map(({ name }) => name);
  const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`);
  const unseen = inner.length === 0 ? [] : [`not __fish_seen_subcommand_from ${inner.join(" ")}`];
  const here = [...seen, ...unseen].join("; and ");
  const base = `complete -c ${root.name}${here === "" ? "" : ` -n '${here}'`}`;
  return [
    ...command.commands.map(
      ({ name, description }) => `${base} -f -a '${name}' -d ${fishText(description)}`,
    ),
    ...command.options.map((option) => `${base} ${fishOption(option)}`),
    ...(command.choices.length === 0 ? [] : [`${base} -a '${plainWords(command.choices)}'`]),
  ];
}

function fishOption({ flags, description, takesValue, choices }: OptionShape): string {
  const spelled = flags.map((flag) =>
    flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  const value = !takesValue
    ? []
    : choices.length === 0
      ? ["-r"]
      : [`-x -a '${plainWords(choices)}'`];
  return [...spelled, ...value, `-d ${fishText(description)}`].join(" ");
}

function fishText(text: string): string {
  return `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
}
