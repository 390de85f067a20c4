import { SCENARIOS } from "../../../../src/scenarios/index.ts";
import { MEMORIES, MEMORY_WORDS, memoryOf, type Trace } from "../../../../src/trace/trace.ts";
import { memoryText } from "../../../worldtext.ts";
import { type Bench, modelGroups, openingBench } from "./bench.ts";
import { Choice, Labelled, NumberInput } from "./opform.tsx";
import { withSize } from "./ops.ts";

export interface ControlsProps {
  readonly bench: Bench;
  readonly onBench: (bench: Bench, step?: number) => void;
  /** Null where there is nothing to undo, or to do again. */
  readonly onUndo: (() => void) | null;
  readonly onRedo: (() => void) | null;
}

const GROUPS = modelGroups();
const MOST = 1_024;

/** What runs on either side, in which world, and the way back. */
export function Controls({ bench, onBench, onUndo, onRedo }: ControlsProps) {
  const { before, after, trace } = bench;
  return (
    <div class="controls-row">
      <Labelled name="Before">
        <Choice
          value={before}
          groups={GROUPS}
          onChoose={(id) => onBench({ ...bench, before: id })}
        />
      </Labelled>
      <button
        type="button"
        aria-label="Exchange the sides"
        onClick={() => onBench({ trace, before: after, after: before })}
      >
        ⇄
      </button>
      <Labelled name="After">
        <Choice value={after} groups={GROUPS} onChoose={(id) => onBench({ ...bench, after: id })} />
      </Labelled>
      <Scenarios onOpen={(opened, sides) => onBench({ ...bench, ...sides, trace: opened }, 0)} />
      <World trace={trace} onTrace={(changed) => onBench({ ...bench, trace: changed })} />
      <span class="undo">
        <button type="button" disabled={onUndo === null} onClick={() => onUndo?.()}>
          Undo
        </button>
        <button type="button" disabled={onRedo === null} onClick={() => onRedo?.()}>
          Redo
        </button>
      </span>
    </div>
  );
}

interface ScenariosProps {
  readonly onOpen: (trace: Trace, sides: Omit<Bench, "trace">) => void;
}

/** Known bugs and selftest cases, to begin with. */
function Scenarios({ onOpen }: ScenariosProps) {
  return (
    <Labelled name="Open">
      <select
        class="scenarios"
        value=""
        onChange={({ currentTarget }) => {
          const chosen = SCENARIOS.find(({ name }) => name === currentTarget.value);
          if (chosen === undefined) return;
          const { before, after } = openingBench(chosen.sides);
          onOpen(chosen.trace, { before, after });
          currentTarget.value = "";
        }}
      >
        <option value="">a scenario…</option>
        {SCENARIOS.map(({ name, title }) => (
          <option key={name} value={name}>
            {name}: {title}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

interface WorldProps {
  readonly trace: Trace;
  readonly onTrace: (trace: Trace) => void;
}

function World({ trace, onTrace }: WorldProps) {
  const { world } = trace;
  const size = (name: "pfns" | "vpages" | "maps") => (
    <NumberInput
      value={world[name]}
      least={1}
      most={MOST}
      optional={name === "maps"}
      onNumber={(value) => onTrace({ ...trace, world: withSize(world, name, value) })}
    />
  );
  return (
    <details class="world">
      <summary>
        World: {world.pfns} pfns, {world.vpages} virtual pages
      </summary>
      <div class="opform">
        <Labelled name="pfns">{size("pfns")}</Labelled>
        <Labelled name="virtual pages">{size("vpages")}</Labelled>
        <Labelled name="most VMAs">{size("maps")}</Labelled>
        <Labelled name="region">
          <select
            value={memoryOf(world)}
            onChange={({ currentTarget }) => {
              const memory = MEMORIES.find((each) => each === currentTarget.value) ?? "bar";
              const { region: _was, ...rest } = world;
              onTrace({ ...trace, world: { ...rest, ...MEMORY_WORDS[memory] } });
            }}
          >
            {MEMORIES.map((memory) => (
              <option key={memory} value={memory}>
                {memoryText(memory)}
              </option>
            ))}
          </select>
        </Labelled>
        <WithoutPat trace={trace} onTrace={onTrace} />
      </div>
    </details>
  );
}

function WithoutPat({ trace, onTrace }: WorldProps) {
  const { pat, ...rest } = trace.world;
  return (
    <Labelled name="nopat">
      <input
        type="checkbox"
        checked={pat === false}
        onChange={({ currentTarget }) => {
          const world = currentTarget.checked ? ({ ...rest, pat: false } as const) : rest;
          onTrace({ ...trace, world });
        }}
      />
    </Labelled>
  );
}
