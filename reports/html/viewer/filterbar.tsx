import type { ReportFinding } from "../../data.ts";
import { SYMPTOMS, VERDICTS } from "../../../src/oracle/severity.ts";
import { SYMPTOM_TEXT, VERDICT_TEXT } from "../words.ts";
import { type Filter, NO_FILTER, type Sort, SORTS } from "./order.ts";

const SORT_TEXT: Readonly<Record<Sort, string>> = {
  severity: "not accepted first, then the gravest",
  runs: "met in most runs first",
  length: "fewest operations first",
};

export interface FilterBarProps {
  readonly all: readonly ReportFinding[];
  readonly shown: readonly ReportFinding[];
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}

/** Search, and chips with counts by verdict and by symptom. */
export function FilterBar({ all, shown, filter, onFilter }: FilterBarProps) {
  const count = (test: (finding: ReportFinding) => boolean) => all.filter(test).length;
  const verdicts = VERDICTS.map((id) => {
    const { name, mark } = VERDICT_TEXT[id];
    return { id, name, mark, count: count((finding) => finding.verdict === id) };
  });
  const symptoms = SYMPTOMS.map((id) => {
    const { name } = SYMPTOM_TEXT[id];
    return { id, name, mark: "", count: count((finding) => finding.symptom === id) };
  });
  const filtered = shown.length !== all.length;
  return (
    <div class="filters" role="search" aria-label="Findings">
      <div class="searchbox">
        <input
          id="search"
          type="search"
          placeholder="Search findings, operations, reasons"
          aria-label="Search findings"
          aria-keyshortcuts="/"
          value={filter.text}
          onInput={(event) => onFilter({ ...filter, text: event.currentTarget.value })}
        />
        <kbd aria-hidden="true">/</kbd>
      </div>
      <Order sort={filter.sort} onSort={(sort) => onFilter({ ...filter, sort })} />
      <Chips
        label="Verdict"
        chips={verdicts}
        chosen={filter.verdict}
        onChoose={(verdict) => onFilter({ ...filter, verdict })}
      />
      <Chips
        label="Symptom"
        chips={symptoms.filter((symptom) => symptom.count > 0)}
        chosen={filter.symptom}
        onChoose={(symptom) => onFilter({ ...filter, symptom })}
      />
      <p class="shown muted" role="status">
        {filtered ? `${shown.length} of ${all.length} shown` : `${all.length} shown`}
        {filtered ? (
          <button type="button" class="link" onClick={() => onFilter(NO_FILTER)}>
            show all
          </button>
        ) : null}
      </p>
    </div>
  );
}

function Order({ sort, onSort }: { sort: Sort; onSort: (sort: Sort) => void }) {
  return (
    <label class="sort">
      <span class="muted">Order</span>{" "}
      <select
        value={sort}
        onChange={({ currentTarget: { value } }) =>
          onSort(SORTS.find((one) => one === value) ?? NO_FILTER.sort)
        }
      >
        {SORTS.map((one) => (
          <option key={one} value={one}>
            {SORT_TEXT[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ChipsProps<T extends string> {
  readonly label: string;
  readonly chips: readonly { id: T; name: string; mark: string; count: number }[];
  readonly chosen: T | null;
  readonly onChoose: (id: T | null) => void;
}

function Chips<T extends string>({ label, chips, chosen, onChoose }: ChipsProps<T>) {
  return (
    <div class="chips" role="group" aria-label={label}>
      {chips.map(({ id, name, mark, count }) => (
        <button
          key={id}
          type="button"
          class={`chip ${mark === "" ? "" : `verdict-${id}`}`}
          aria-pressed={chosen === id}
          onClick={() => onChoose(chosen === id ? null : id)}
        >
          {mark === "" ? null : <span aria-hidden="true">{mark}</span>} {name} <b>{count}</b>
        </button>
      ))}
    </div>
  );
}
