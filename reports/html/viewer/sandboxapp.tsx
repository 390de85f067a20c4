import type { ScheduleDocument } from "../../../src/races/document.ts";
import { FRONT_HASH } from "./route.ts";
import { SandboxPage } from "./sandbox/page.tsx";
import { Schedule } from "./schedule.tsx";
import { ThemeToggle } from "./theme.tsx";
import { skipToContent, usePlace } from "./place.ts";

interface SandboxAppProps {
  /** What it opens where the address does not say. */
  readonly start: string;
  /** A schedule of two tasks that was saved. */
  readonly recorded: ScheduleDocument | undefined;
}

/** The sandbox alone, without a report. */
export function SandboxApp({ start, recorded }: SandboxAppProps) {
  const { route } = usePlace();
  return (
    <>
      <a class="skip" href="#content" onClick={skipToContent}>
        Skip to content
      </a>
      <header class="topbar">
        <a class="brand" href={FRONT_HASH}>
          pfndiff
        </a>
        <span class="tools">
          <ThemeToggle />
        </span>
      </header>
      <main id="content" tabIndex={-1}>
        <SandboxPage address={route.page === "sandbox" ? route.address : start} />
        {recorded === undefined ? null : <Recorded recorded={recorded} />}
      </main>
    </>
  );
}

/** A schedule that was recorded on a tree, beside models that cannot run one. */
function Recorded({ recorded }: { recorded: ScheduleDocument }) {
  return (
    <section aria-labelledby="recorded">
      <h2 id="recorded">{recorded.outcome.signature}</h2>
      <p class="note">
        Models cannot run a schedule: the bench has task a's ops before task b's, whole. What two
        tasks do by turns was recorded on a tree and stays as it is.
      </p>
      <Schedule recorded={recorded} />
    </section>
  );
}
