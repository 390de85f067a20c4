import type { CampaignSummary } from "../../data.ts";
import { grouped, percent } from "../../numbers.ts";
import { GOAL_TEXT } from "../words.ts";

/** What the campaign covered, and what is left to chance. */
export function Coverage({ campaign }: { campaign: CampaignSummary }) {
  const { residualChance } = campaign;
  const goals = Object.entries(campaign.goals);
  const reached = goals.filter(([, runs]) => runs > 0).length;
  return (
    <section class="card" aria-labelledby="coverage-title">
      <h2 id="coverage-title">What the campaign covered</h2>
      <dl class="stats">
        <Stat name="Runs" value={grouped(campaign.runs)} />
        <Stat name="Operations" value={grouped(campaign.ops)} />
        <Stat name="Ops per second" value={grouped(Math.round(campaign.opsPerSecond))} />
        <Stat name="Steps not comparable" value={grouped(campaign.notComparable)} />
        <Stat name="Seed" value={String(campaign.seed)} />
        {residualChance === undefined ? null : (
          <Stat name="Chance of something new in the next run" value={percent(residualChance)} />
        )}
        <div class="wide">
          <dt>Digest</dt>
          <dd>
            <code class="digest">{campaign.digest}</code>
          </dd>
        </div>
      </dl>
      <details class="goals" open={campaign.goalsMissed.length > 0}>
        <summary>
          Goals reached: <b>{`${reached} of ${goals.length}`}</b>
        </summary>
        <ul>
          {goals.map(([goal, runs]) => {
            const missed = campaign.goalsMissed.includes(goal);
            return (
              <li key={goal} class={missed ? "missed" : ""}>
                <span aria-hidden="true">{runs > 0 ? "✓" : missed ? "✗" : "–"}</span>
                <span>{GOAL_TEXT[goal] ?? goal}</span>
                <span class="muted">
                  {runs > 0 ? grouped(runs) : missed ? "missed" : "not here"}
                </span>
              </li>
            );
          })}
        </ul>
      </details>
    </section>
  );
}

function Stat({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
