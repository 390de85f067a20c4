import type { Root } from "../../../fuzz/roots/root.ts";
import type { ReportFinding } from "../../data.ts";
import { plural } from "../../numbers.ts";
import { findingHash } from "./route.ts";

/** So many roots are told in full; the others are a click away. */
const WORST = 3;

/** What the findings follow from: each root leads to its simplest witness, and folds what follows. */
export function RootList({
  roots,
  all,
}: {
  readonly roots: readonly Root[];
  readonly all: readonly ReportFinding[];
}) {
  const known = new Set(all.map(({ signature }) => signature));
  const [worst, others] = [roots.slice(0, WORST), roots.slice(WORST)];
  return (
    <section class="roots" aria-labelledby="roots-title">
      <h2 id="roots-title">What is worst</h2>
      <p class="muted small">
        Roots: findings grouped by what they follow from, gravest first, each with what a user
        notices. A grouping, no verdict.
      </p>
      <ol class="list">
        {worst.map((root) => (
          <RootRow key={root.name} root={root} known={known} />
        ))}
      </ol>
      {others.length === 0 ? null : (
        <details>
          <summary>{plural(others.length, "more root")}</summary>
          <ol class="list" start={WORST + 1}>
            {others.map((root) => (
              <RootRow key={root.name} root={root} known={known} />
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}

function RootRow({ root, known }: { root: Root; known: ReadonlySet<string> }) {
  const [simplest = "", ...follows] = root.findings.filter((signature) => known.has(signature));
  return (
    <li>
      <a class="row" data-root={root.name} href={findingHash({ signature: simplest })}>
        <span class="row-text">
          <b>{root.name}</b>
          <span class="muted">{root.notice}</span>
        </span>
        <span class="row-count">{plural(root.findings.length, "finding")}</span>
      </a>
      {follows.length === 0 ? null : (
        <details class="small">
          <summary>what follows</summary>
          {follows.map((signature) => (
            <a key={signature} class="follows" href={findingHash({ signature })}>
              <code>{signature}</code>
            </a>
          ))}
        </details>
      )}
    </li>
  );
}
