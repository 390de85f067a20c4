import { useEffect, useRef } from "preact/hooks";
import { plural } from "../../numbers.ts";
import {
  cellMarks,
  type Matrix,
  MATRIX_KEY,
  type MatrixGroup,
  rootCells,
  shortColumn,
  turnText,
} from "../../matrix.ts";
import { FRONT_HASH, findingHash } from "./route.ts";

export interface MatrixPageProps {
  readonly matrix: Matrix;
  /** Signatures that have a page in this report. */
  readonly linked: ReadonlySet<string>;
}

/** Which accepted signatures show on which releases, under their roots. */
export function MatrixPage({ matrix, linked }: MatrixPageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { columns, groups } = matrix;
  useEffect(() => {
    document.title = "By release: pfndiff";
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <article class="matrix">
      <nav class="neighbours" aria-label="Report">
        <a href={FRONT_HASH}>← All findings</a>
      </nav>
      <h1 ref={heading} tabIndex={-1}>
        By release
      </h1>
      <p class="muted">
        {plural(groups.flatMap(({ rows }) => rows).length, "accepted signature")}, each by its
        witness on every release alone. {MATRIX_KEY}.
      </p>
      <div class="scroll card" tabIndex={0} role="group" aria-label="Signatures by release">
        <table>
          <thead>
            <tr>
              <th scope="col">signature</th>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {shortColumn(column)}
                </th>
              ))}
              <th scope="col">first bad; first good</th>
            </tr>
          </thead>
          {groups.map((group) => (
            <Group key={group.root} {...{ group, matrix, linked }} />
          ))}
        </table>
      </div>
    </article>
  );
}

function Group({ group, matrix, linked }: MatrixPageProps & { readonly group: MatrixGroup }) {
  return (
    <tbody>
      <tr class="matrix-root">
        <th scope="rowgroup">{group.root}</th>
        <Cells marks={cellMarks({ cells: rootCells(group) })} />
        <td />
      </tr>
      {group.rows.map((row) => (
        <tr key={row.signature}>
          <th scope="row">
            {linked.has(row.signature) ? (
              <a href={findingHash(row)}>{row.signature}</a>
            ) : (
              row.signature
            )}
          </th>
          <Cells marks={cellMarks(row)} />
          <td class="matrix-turn">{turnText(matrix, row)}</td>
        </tr>
      ))}
    </tbody>
  );
}

function Cells({ marks }: { marks: readonly string[] }) {
  return (
    <>
      {marks.map((mark, index) => (
        <td key={index} class={mark === "#" ? "shows" : ""}>
          {mark}
        </td>
      ))}
    </>
  );
}
