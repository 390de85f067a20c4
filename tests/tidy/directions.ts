import { readFileSync } from "node:fs";

/** A row of the table of docs/ARCHITECTURE.md: files or folders, and what they may import. */
interface Row {
  readonly places: readonly string[];
  /** Places, and `node` for Node's modules; null for anything. */
  readonly mayImport: readonly string[] | null;
}

const named = (cell: string): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? "");

/** The rows of the table under "What lives where". */
function readTable(): Row[] {
  const text = readFileSync("docs/ARCHITECTURE.md", "utf8");
  const section = text.split("## What lives where")[1]?.split("\n## ")[0] ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => {
      const [, places = "", , mayImport = ""] = line.split("|");
      return {
        places: named(places),
        mayImport: mayImport.trim() === "anything" ? null : named(mayImport),
      };
    });
}

export const TABLE: readonly Row[] = readTable();

const isIn = (path: string, place: string) => path === place || path.startsWith(`${place}/`);

/** The row that a file belongs to. */
export function rowOf(path: string): Row | undefined {
  return TABLE.find(({ places }) => places.some((place) => isIn(path, place)));
}

/** Whether the file may import the other; `node` is Node's modules. */
export function mayImport(path: string, target: string): boolean {
  const row = rowOf(path);
  if (row === undefined) return false;
  const { places } = row;
  if (row.mayImport === null) return true;
  return [...places, ...row.mayImport, ...(TABLE[0]?.places ?? [])].some((place) =>
    isIn(target, place),
  );
}
