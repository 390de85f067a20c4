import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ReportData, ReportFinding } from "../../data.ts";
import { ArenaPage } from "./arenapage.tsx";
import { ClaimsPage } from "./claimspage.tsx";
import { CoveragePage } from "./coveragepage.tsx";
import { FindingPage } from "./findingpage.tsx";
import { Front } from "./front.tsx";
import { Help } from "./help.tsx";
import { useKeys, walkOrder } from "./keys.ts";
import { filterHash, filterOf, inReadingOrder, matching, NO_FILTER } from "./order.ts";
import { type Place, skipToContent, usePlace } from "./place.ts";
import { MatrixPage } from "./matrixpage.tsx";
import {
  ARENA_HASH,
  CLAIMS_HASH,
  COVERAGE_HASH,
  FRONT_HASH,
  MATRIX_HASH,
  RACES_HASH,
  type Route,
} from "./route.ts";
import { openingBench } from "./sandbox/bench.ts";
import { RacesPage } from "./racespage.tsx";
import { SandboxPage } from "./sandbox/page.tsx";
import { linkTo } from "../../../src/trace/link.ts";
import { ThemeToggle } from "./theme.tsx";
import { isMet } from "../words.ts";

/** The viewer: the address says what it shows, so every view has a link that restores it. */
export function App({ report }: { report: ReportData }) {
  const place = usePlace();
  const { route } = place;
  const [filter, setFilter] = useFilter(route);
  const [help, setHelp] = useState(false);
  const all = useMemo(() => inReadingOrder(report.findings), [report]);
  const shown = useMemo(() => matching(all, filter), [all, filter]);
  const finding =
    route.page === "finding" ? all.find((one) => one.signature === route.signature) : undefined;
  useKeys({ all, shown: shown.filter(isMet), onHelp: () => setHelp(true) });
  useFocus(place);

  const page = () => {
    const extra = extraPage(report, route, all);
    if (extra !== null) return extra;
    if (route.page === "sandbox") return <SandboxPage address={route.address} />;
    if (finding === undefined || route.page !== "finding") {
      const missing = route.page === "finding" ? route.signature : null;
      return <Front {...{ report, all, shown, filter, missing }} onFilter={setFilter} />;
    }
    const order = walkOrder({ all, shown: shown.filter(isMet) }, finding);
    return (
      <FindingPage key={finding.signature} {...{ report, finding, order }} step={route.step} />
    );
  };

  return (
    <>
      <a class="skip" href="#content" onClick={skipToContent}>
        Skip to content
      </a>
      <TopBar report={report} onHelp={() => setHelp(true)} />
      <main id="content" tabIndex={-1}>
        {page()}
      </main>
      <Help open={help} onClose={() => setHelp(false)} />
    </>
  );
}

const SANDBOX_HASH = linkTo(openingBench());

function TopBar({ report, onHelp }: { report: ReportData; onHelp: () => void }) {
  return (
    <header class="topbar">
      <a class="brand" href={FRONT_HASH}>
        pfndiff
      </a>
      <span class="sides">
        <span class="muted">Before</span> <code>{report.campaign.before}</code>
        <span class="arrow" aria-hidden="true">
          →
        </span>
        <span class="muted">After</span> <code>{report.campaign.after}</code>
      </span>
      {report.claims === undefined ? null : <a href={CLAIMS_HASH}>Claims</a>}
      {report.arena === undefined ? null : <a href={ARENA_HASH}>Arena</a>}
      {report.coverage === undefined ? null : <a href={COVERAGE_HASH}>Coverage</a>}
      {report.matrix === undefined ? null : <a href={MATRIX_HASH}>Releases</a>}
      {report.races === undefined ? null : <a href={RACES_HASH}>Races</a>}
      <a href={SANDBOX_HASH}>Sandbox</a>
      <span class="tools">
        <button type="button" class="quiet keys" onClick={onHelp}>
          Keys <kbd>?</kbd>
        </button>
        <ThemeToggle />
      </span>
    </header>
  );
}

/** The pages beside the front and the findings, of what the report has. */
function extraPage(report: ReportData, route: Route, all: readonly ReportFinding[]) {
  if (route.page === "claims") return <ClaimsPage report={report} />;
  if (route.page === "arena" && report.arena !== undefined) {
    return <ArenaPage arena={report.arena} />;
  }
  if (route.page === "coverage" && report.coverage !== undefined) {
    return <CoveragePage coverage={report.coverage} />;
  }
  if (route.page === "matrix" && report.matrix !== undefined) {
    const linked = new Set(all.map(({ signature }) => signature));
    return <MatrixPage matrix={report.matrix} linked={linked} />;
  }
  if (route.page === "races" && report.races !== undefined) {
    return <RacesPage races={report.races} shown={route.shown} />;
  }
  return null;
}

/**
 * The filter of the front page, which its address keeps. An address without one leaves the filter as it was:
 * who comes back from a finding finds the list as he left it.
 */
function useFilter(route: Route) {
  const [filter, setFilter] = useState(() => filterOf(location.hash) ?? NO_FILTER);
  const asked = route.page === "front" ? route.filter : null;
  const written = useRef("");
  useEffect(() => {
    const named = asked === null || asked === written.current ? null : filterOf(asked);
    if (named !== null) setFilter(named);
  }, [asked]);
  useEffect(() => {
    const hash = filterHash(filter);
    if (route.page !== "front" || route.search || hash === location.hash) return undefined;
    if (location.hash === "" && hash === FRONT_HASH) return undefined;
    const timer = setTimeout(() => {
      written.current = hash;
      location.replace(hash);
    }, ADDRESS_AFTER_MS);
    return () => clearTimeout(timer);
  }, [filter, route]);
  return [filter, setFilter] as const;
}

const ADDRESS_AFTER_MS = 300;

/** Back on the front page, the focus is where the reader left it. */
function useFocus({ route, left }: Place): void {
  useLayoutEffect(() => {
    if (route.page !== "front") return;
    const row = `[data-row="${CSS.escape(left ?? "")}"]`;
    document.querySelector<HTMLElement>(route.search ? "#search" : row)?.focus();
  }, [route, left]);
}
