import { SHORT_MODE } from "../../../src/pat/cachemode.ts";
import { holdersText } from "./sidetext.ts";
import {
  type ContextView,
  contextsKeep,
  type MappedRun,
  type Pages,
  type ReservationView,
  type StateMap,
} from "./statemap.ts";
import { placed, Ruler, Tag, Track } from "./track.tsx";

const CHANGE_TAG = { same: "", new: "new", changed: "changed", freed: "freed" } as const;

/** Over physical pages: who maps them, what is reserved, and what the contexts cover. */
export function PhysicalMap({ map, extent }: { map: StateMap; extent: Pages }) {
  const kept = contextsKeep(map);
  return (
    <div class="map" role="group" aria-label="Physical pages">
      <h4>Physical pages</h4>
      <Ruler label="pfn" extent={extent} />
      <Track label="mapped by" extent={extent} kind="row">
        {map.mapped.map((run) => (
          <MappedBar key={run.start} run={run} extent={extent} />
        ))}
        {map.mapped.length === 0 ? <span class="nothing">nobody</span> : null}
      </Track>
      {map.reservations.map((view, index) => (
        <Track
          key={index}
          label={<RowLabel name="reserved" change={view.change} />}
          extent={extent}
          kind="row"
        >
          <ReservationBar view={view} extent={extent} kept={kept} />
        </Track>
      ))}
      {map.reservations.length > 0 ? null : (
        <Track label="reserved" extent={extent} kind="row">
          <span class="nothing">nothing</span>
        </Track>
      )}
      {map.contexts?.map((view, index) => (
        <Track
          key={index}
          label={<RowLabel name="context" change={view.change} />}
          extent={extent}
          kind="row"
        >
          <ContextBar view={view} extent={extent} />
        </Track>
      ))}
    </div>
  );
}

function MappedBar({ run, extent }: { run: MappedRun; extent: Pages }) {
  return (
    <span class="bar mapped" style={placed(run, extent)}>
      <span class="bar-main">{run.by.join(" ")}</span>
    </span>
  );
}

interface ReservationBarProps {
  readonly view: ReservationView;
  readonly extent: Pages;
  /** A context that is in use keeps the pages that nobody maps: they will be freed. */
  readonly kept: boolean;
}

/** A reservation; its pages that nobody maps are hatched and say so. */
function ReservationBar({ view, extent, kept }: ReservationBarProps) {
  const { entry, change, runs } = view;
  const title = `[${entry.start},${entry.end}) ${entry.type}`;
  const held = kept ? "held kept" : "held";
  const look = change === "freed" ? "ghost" : change;
  return (
    <>
      {runs.map((run) => (
        <span
          key={run.start}
          class={`bar reserved mode-${entry.type} ${look} ${run.held ? held : ""}`}
          style={placed(run, extent)}
          title={title}
        >
          <span class="bar-main">
            {SHORT_MODE[entry.type]}
            {run.held ? <Tag word="unmapped" short="▲" /> : null}
          </span>
        </span>
      ))}
    </>
  );
}

/** A row's name, and what became of the row at this step. */
function RowLabel({ name, change }: { name: string; change: keyof typeof CHANGE_TAG }) {
  const tag = CHANGE_TAG[change];
  return (
    <>
      {name}
      {tag === "" ? null : <Tag word={tag} short={tag} />}
    </>
  );
}

function ContextBar({ view, extent }: { view: ContextView; extent: Pages }) {
  const { context, change } = view;
  const pages = { start: context.pfn, end: context.pfn + context.pages };
  const wrong = context.refs !== context.holders;
  return (
    <span
      class={`bar context ${change === "freed" ? "ghost" : change} ${wrong ? "wrong" : ""}`}
      style={placed(pages, extent)}
      title={`count ${context.refs}, held by ${holdersText(context.holders)}`}
    >
      <span class="bar-main">
        {change === "freed" ? "" : `count ${context.refs}`}
        {wrong ? ` ▲ held by ${context.holders}` : ""}
      </span>
    </span>
  );
}
