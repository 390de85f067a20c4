import { useEffect, useRef } from "preact/hooks";
import type { Coverage } from "../../../src/trace/coverage.ts";
import { COVERAGE_HEAD, coverageHead, coverageRows } from "../../coveragetext.ts";
import { FRONT_HASH } from "./route.ts";

/** What the campaign ran of the code of trees that tracks PFN mappings, function by function. */
export function CoveragePage({ coverage }: { coverage: Coverage }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = "Coverage of the tracking: pfndiff";
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <article class="matrix">
      <nav class="neighbours" aria-label="Report">
        <a href={FRONT_HASH}>← All findings</a>
      </nav>
      <h1 ref={heading} tabIndex={-1}>
        Coverage of the tracking
      </h1>
      {coverage.trees.map((tree) => (
        <div class="scroll card" tabIndex={0} role="group" aria-label={tree.id} key={tree.id}>
          <table>
            <caption>{coverageHead(tree)}</caption>
            <thead>
              <tr>
                {COVERAGE_HEAD.map((name) => (
                  <th scope="col" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {coverageRows(tree).map((cells) => (
                <tr key={cells[3]}>
                  {cells.map((cell, column) => (
                    <td key={COVERAGE_HEAD[column]}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ))}
    </article>
  );
}
