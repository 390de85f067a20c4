import { useEffect, useRef } from "preact/hooks";
import type { ScheduleDocument } from "../../../src/races/document.ts";
import { plural } from "../../numbers.ts";
import { FRONT_HASH, RACES_HASH, raceHash } from "./route.ts";
import { Schedule } from "./schedule.tsx";

interface RacesPageProps {
  readonly races: readonly ScheduleDocument[];
  /** Which of them is shown, or null for the list. */
  readonly shown: number | null;
}

/** Schedules of two tasks that give what no order of whole ops does: a list, or one of them. */
export function RacesPage({ races, shown }: RacesPageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const race = shown === null ? undefined : races[shown];
  const title = race === undefined ? "Two tasks at once" : race.outcome.signature;
  useEffect(() => {
    document.title = `${title}: pfndiff`;
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <article class="races">
      <nav class="neighbours" aria-label="Report">
        <a href={FRONT_HASH}>← All findings</a>
        {race === undefined ? null : <a href={RACES_HASH}>Two tasks at once</a>}
      </nav>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {race === undefined ? <List races={races} /> : <One race={race} />}
    </article>
  );
}

function List({ races }: Pick<RacesPageProps, "races">) {
  return (
    <>
      <p class="lead">
        {plural(races.length, "schedule")} of two tasks in a tree's own code that give what no order
        of whole ops does.
      </p>
      <ul class="racelist">
        {races.map(({ outcome, on }, index) => (
          <li class="card" key={index}>
            <a href={raceHash(index)}>{outcome.signature}</a>
            <span class="muted"> on {on.release}</span>
            <p>{outcome.findings[0]?.detail ?? `differs in ${outcome.differs.join(", ")}`}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

function One({ race }: { race: ScheduleDocument }) {
  const { outcome, on } = race;
  const [gravest] = outcome.findings;
  return (
    <>
      <p class="lead">
        {gravest === undefined
          ? `No order of whole ops gives these ${outcome.differs.join(", ")}.`
          : `${gravest.symptom}: ${gravest.detail}.`}
      </p>
      <p class="muted">
        Linux {on.release}, by {plural(outcome.preemptions, "preemption")};{" "}
        {plural(outcome.schedules, "schedule")} of the search came to this.
      </p>
      <Schedule recorded={race} />
    </>
  );
}
