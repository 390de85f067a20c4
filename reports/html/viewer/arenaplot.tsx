import type { ArenaResult } from "../../arena.ts";
import { type ArenaDot, arenaDots, figure, isShipped } from "../arenawords.ts";

const WIDE = 680;
const HIGH = 300;
const INSET = { left: 56, right: 84, top: 18, bottom: 44 };
/** Room that a name takes: names of dots that are closer share a line. */
const NAME_HIGH = 15;
const NAME_WIDE = 84;

/** Leaks against over-retention, a dot a design: what gives back nothing too early and nothing too late is at the origin. */
export function ArenaPlot({ designs }: { designs: readonly ArenaResult[] }) {
  const dots = arenaDots(designs);
  const most = {
    leaks: Math.max(...dots.map(({ leaks }) => leaks), Number.MIN_VALUE),
    kept: Math.max(...dots.map(({ kept }) => kept), Number.MIN_VALUE),
  };
  const x = (kept: number) =>
    INSET.left + share(kept, most.kept) * (WIDE - INSET.left - INSET.right);
  const y = (leaks: number) =>
    HIGH - INSET.bottom - share(leaks, most.leaks) * (HIGH - INSET.top - INSET.bottom);
  const places = dots.map((dot) => ({ dot, x: x(dot.kept), y: y(dot.leaks) }));
  return (
    <section class="card" aria-labelledby="plot-title">
      <h2 id="plot-title">Leaks against over-retention</h2>
      <p class="muted">
        Up: what is never given back. To the right: what is given back late. Both in 10,000 ops, by
        their square roots, so that small ones are told apart; the best design would be at the
        bottom left. Squares shipped. The numbers are in the bars above.
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Plot">
        <svg
          class="arenaplot"
          viewBox={`0 0 ${WIDE} ${HIGH}`}
          role="img"
          aria-label={labelOf(dots)}
        >
          <Axes most={most} x={x} y={y} />
          {clustersOf(places).map((cluster) => (
            <Cluster key={cluster.map(({ dot }) => dot.design).join()} cluster={cluster} />
          ))}
        </svg>
      </div>
    </section>
  );
}

const share = (value: number, most: number) => Math.sqrt(value / most);

function labelOf(dots: readonly ArenaDot[]): string {
  const told = dots.map(
    ({ design, leaks, kept }) => `${design} ${figure(leaks)} leaks, ${figure(kept)} page-ops`,
  );
  return `Leaks against over-retention in 10,000 ops: ${told.join("; ")}`;
}

interface Placed {
  readonly dot: ArenaDot;
  readonly x: number;
  readonly y: number;
}

/** Dots whose names would lie on one another, together. */
function clustersOf(places: readonly Placed[]): Placed[][] {
  const clusters: Placed[][] = [];
  for (const place of [...places].sort((a, b) => a.x - b.x)) {
    const near = clusters.find((cluster) =>
      cluster.some(
        ({ x, y }) => Math.abs(x - place.x) < NAME_WIDE && Math.abs(y - place.y) < NAME_HIGH,
      ),
    );
    if (near === undefined) clusters.push([place]);
    else near.push(place);
  }
  return clusters;
}

/** Names stand above one another, from the lowest dot of those that share them upwards. */
function Cluster({ cluster }: { cluster: readonly Placed[] }) {
  const right = Math.max(...cluster.map(({ x }) => x));
  const top = INSET.top + (cluster.length - 1) * NAME_HIGH;
  const low = Math.max(top, ...cluster.map(({ y }) => y));
  return (
    <g>
      {cluster.map(({ dot, x, y }) => {
        const name = `${dot.design}: ${figure(dot.leaks)} leaks, ${figure(dot.kept)} page-ops`;
        return (
          <g key={dot.design} class={isShipped(dot) ? "shipped" : ""}>
            <title>{name}</title>
            {isShipped(dot) ? (
              <rect x={x - 5} y={y - 5} width={10} height={10} />
            ) : (
              <circle cx={x} cy={y} r={4} />
            )}
          </g>
        );
      })}
      {cluster.map(({ dot }, index) => (
        <text
          key={dot.design}
          class={isShipped(dot) ? "shipped" : ""}
          x={right + 9}
          y={low + 4 - index * NAME_HIGH}
        >
          {dot.design}
        </text>
      ))}
    </g>
  );
}

interface AxesProps {
  readonly most: { readonly leaks: number; readonly kept: number };
  x(kept: number): number;
  y(leaks: number): number;
}

function Axes({ most, x, y }: AxesProps) {
  const [left, bottom] = [x(0), y(0)];
  return (
    <g class="axes">
      <line x1={left} x2={x(most.kept)} y1={bottom} y2={bottom} />
      <line x1={left} x2={left} y1={bottom} y2={y(most.leaks)} />
      {[0, most.kept / 4, most.kept].map((kept) => (
        <text key={kept} x={x(kept)} y={bottom + 18} text-anchor="middle">
          {figure(kept)}
        </text>
      ))}
      {[0, most.leaks / 4, most.leaks].map((leaks) => (
        <text key={leaks} x={left - 8} y={y(leaks) + 4} text-anchor="end">
          {figure(leaks)}
        </text>
      ))}
      <text x={(left + x(most.kept)) / 2} y={HIGH - 6} text-anchor="middle">
        page-ops of over-retention
      </text>
      <text x={-(y(most.leaks) + bottom) / 2} y={12} text-anchor="middle" transform="rotate(-90)">
        leaks
      </text>
    </g>
  );
}
