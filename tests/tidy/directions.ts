/** A file whose path matches `from` may import nothing that `refuses` says no to. */
export interface Direction {
  readonly from: RegExp;
  refuses(target: string): boolean;
  readonly why: string;
}

function inside(pattern: RegExp): (target: string) => boolean {
  return (target) => pattern.test(target);
}

function outside(...allowed: RegExp[]): (target: string) => boolean {
  return (target) => !allowed.some((pattern) => pattern.test(target));
}

/** One line that everybody may import: it knows nothing of anything. */
const SHARED = /^src\/assertnever\.ts$/;

/** Who may import whom; type imports count. */
export const DIRECTIONS: readonly Direction[] = [
  {
    from: /^src\/pat\//,
    refuses: outside(/^src\/pat\//, SHARED),
    why: "src/pat imports nothing outside itself",
  },
  {
    from: /^src\/mm\//,
    refuses: outside(/^src\/(mm|pat)\//, SHARED),
    why: "src/mm imports only src/mm and src/pat",
  },
  {
    from: /^src\/trace\//,
    refuses: outside(/^src\/(trace|mm|pat)\//, SHARED),
    why: "src/trace imports at most the types of src/mm and src/pat",
  },
  {
    from: /^legacy\//,
    refuses: inside(/^modern\//),
    why: "the designs never import each other",
  },
  {
    from: /^modern\//,
    refuses: inside(/^legacy\//),
    why: "the designs never import each other",
  },
  {
    from: /^(legacy|modern|kernel|src\/model)\//,
    refuses: inside(/^(src\/oracle|fuzz|reports)\//),
    why: "a backend imports neither oracle nor fuzz nor reports",
  },
  {
    from: /^src\/(model|[^/]+\.ts$)/,
    refuses: inside(/^(legacy|modern|kernel)\//),
    why: "what the designs share knows neither design",
  },
  {
    from: /^src\/oracle\//,
    refuses: (target) =>
      /^(legacy|modern|kernel|src\/model|fuzz|reports)\//.test(target) ||
      (/^src\/mm\//.test(target) && !/^src\/mm\/(units|errno)\.ts$/.test(target)),
    why: "the oracle imports no backend and no machine",
  },
  {
    from: /^(fuzz|reports)\//,
    refuses: inside(/^(legacy|modern|kernel|src\/model)\//),
    why: "fuzz and reports are handed backends and recordings",
  },
  {
    from: /^src\/claims\//,
    refuses: inside(/^(legacy|modern|kernel|src\/model|src\/engine|fuzz|reports)\//),
    why: "claims are handed sides, traces and recordings",
  },
  {
    from: /^(?!src\/cli\/|tests\/)/,
    refuses: inside(/^src\/cli\//),
    why: "nothing imports the command line",
  },
  {
    from: /^(src|legacy|modern|fuzz|kernel|reports)\//,
    refuses: inside(/^tests\//),
    why: "only tests import tests",
  },
];
