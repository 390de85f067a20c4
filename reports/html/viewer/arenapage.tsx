import { useEffect, useRef } from "preact/hooks";
import type { Arena, ArenaResult } from "../../arena.ts";
import { type FAULT_COLUMNS, scopeColumns, shortestOf } from "../../arenatext.ts";
import { ARENA_FIGURES, type ArenaFigure, figure, isShipped, priceOf } from "../arenawords.ts";
import { grouped } from "../../numbers.ts";
import { SYMPTOM_TEXT } from "../words.ts";
import { ArenaPlot } from "./arenaplot.tsx";
import { FRONT_HASH } from "./route.ts";
import { designLink } from "./sandbox/bench.ts";

/** Every design, shipped or not, side by side: charts, the small scope, and what each costs. */
export function ArenaPage({ arena }: { arena: Arena }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = "The arena: pfndiff";
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  const { runs, seed, designs } = arena;
  return (
    <article class="arena">
      <nav class="neighbours" aria-label="Report">
        <a href={FRONT_HASH}>← All findings</a>
      </nav>
      <h1 ref={heading} tabIndex={-1}>
        The arena: every design on the same traces
      </h1>
      <p class="muted">
        Two designs shipped; the discussion around them left others on the table. All of them ran
        the same {grouped(runs)} traces of seed {seed}, {grouped(designs[0]?.ops ?? 0)} ops. Bars
        are per 10,000 ops; shorter is better.
      </p>
      <div class="figures">
        {ARENA_FIGURES.map((one) => (
          <Figure key={one.name} one={one} designs={designs} />
        ))}
      </div>
      <ArenaPlot designs={designs} />
      <SmallScope arena={arena} />
      <Designs designs={designs} budget={arena.vmaBudget} />
    </article>
  );
}

function Figure({ one, designs }: { one: ArenaFigure; designs: readonly ArenaResult[] }) {
  const most = Math.max(...designs.map(one.of), Number.MIN_VALUE);
  return (
    <table class="card figure">
      <caption>
        <b>{one.name}</b>
        <span class="muted small">{one.meaning}</span>
      </caption>
      <thead class="unseen">
        <tr>
          <th scope="col">Design</th>
          <th scope="col">Bar</th>
          <th scope="col">In 10,000 ops</th>
        </tr>
      </thead>
      <tbody>
        {designs.map((result) => (
          <tr key={result.design} class={isShipped(result) ? "shipped" : ""}>
            <th scope="row">{result.design}</th>
            <td class="figurebar">
              {one.of(result) === 0 ? null : (
                <span style={{ width: `${(one.of(result) / most) * 100}%` }} />
              )}
            </td>
            <td class="number">{figure(one.of(result))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function nameOf([head, [symptom]]: (typeof FAULT_COLUMNS)[number]): string {
  return symptom === undefined ? head : SYMPTOM_TEXT[symptom].name;
}

function SmallScope({ arena }: { arena: Arena }) {
  const { bounds, designs } = arena;
  const { shown, empty } = scopeColumns(designs);
  return (
    <section class="card" aria-labelledby="scope-title">
      <h2 id="scope-title">Every short sequence</h2>
      <p class="muted">
        All {grouped(designs[0]?.scope.sequences ?? 0)} sequences of up to {bounds.depth} ops on{" "}
        {bounds.procs} processes with {bounds.slots} areas of {bounds.pages} pages. A number is the
        length of the shortest one that shows the fault, and opens it in the sandbox, beside a
        shipped design; a dash means that none does.
        {empty.length === 0
          ? ""
          : ` No design shows any of these: ${empty.map(nameOf).join(", ")}.`}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Shortest sequences">
        <table class="plainlines">
          <thead>
            <tr>
              <th scope="col">Design</th>
              {shown.map((column) => (
                <th key={column[0]} scope="col" class="number">
                  {nameOf(column)}
                </th>
              ))}
              <th scope="col" class="number">
                page-ops
              </th>
            </tr>
          </thead>
          <tbody>
            {designs.map((result) => (
              <ScopeRow key={result.design} result={result} columns={shown} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface ScopeRowProps {
  readonly result: ArenaResult;
  readonly columns: typeof FAULT_COLUMNS;
}

function ScopeRow({ result, columns }: ScopeRowProps) {
  return (
    <tr>
      <th scope="row">{result.design}</th>
      {columns.map(([head, symptoms]) => (
        <Shortest
          key={head}
          design={result.design}
          name={nameOf([head, symptoms])}
          shown={shortestOf(result, symptoms)}
        />
      ))}
      <td class="number">{grouped(result.scope.pageOps)}</td>
    </tr>
  );
}

interface ShortestProps {
  readonly design: string;
  /** Of the fault. */
  readonly name: string;
  readonly shown: ReturnType<typeof shortestOf>;
}

function Shortest({ design, name, shown: { fewest, shortest } }: ShortestProps) {
  if (fewest === null) return <td class="number muted">–</td>;
  if (shortest === undefined) return <td class="number met">{fewest}</td>;
  return (
    <td class="number met">
      <a
        href={designLink(design, shortest)}
        aria-label={`${design}: ${name} in ${fewest} ops, in the sandbox`}
      >
        {fewest}
      </a>
    </td>
  );
}

function Designs({ designs, budget }: { designs: readonly ArenaResult[]; budget: number }) {
  return (
    <section class="card" aria-labelledby="designs-title">
      <h2 id="designs-title">What they do, and what they cost</h2>
      <p class="muted">A VMA is kept within {budget} bytes. Speed is that of the model.</p>
      <dl class="designs">
        {designs.map((result) => (
          <div key={result.design}>
            <dt>{result.design}</dt>
            <dd>
              {result.does}
              <span class="muted small">
                {[...priceOf(result), `${grouped(result.opsPerSecond)} ops/s`].join(", ")}
              </span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
