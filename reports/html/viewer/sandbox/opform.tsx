import type { ComponentChildren } from "preact";
import { ALLOCATION_SITES } from "../../../../src/pat/kernelstate.ts";
import {
  CALLS,
  type CallKind,
  DRIVER_CALLS,
  DRIVER_OP_KINDS,
} from "../../../../src/trace/driverop.ts";
import type { DriverCallRecord } from "../../../../src/trace/driverop.ts";
import type { Field, Fields, Values } from "../../../../src/trace/fields.ts";
import { type Op, type OpKind, OPS, SYSCALL_KINDS } from "../../../../src/trace/op.ts";
import { callOf, withCallField, withField } from "./ops.ts";

/** The kinds of ops, in the groups in which a reader looks for one. */
export const KIND_GROUPS = [
  { name: "System calls and accesses", ids: SYSCALL_KINDS },
  { name: "A driver, and the kernel for itself", ids: DRIVER_OP_KINDS },
] as const;

export interface OpFormProps {
  readonly op: Op;
  /** What the op may become instead, with the values that it has. */
  readonly onKind: (kind: OpKind) => void;
  readonly onChange: (op: Op) => void;
}

/** An op's kind, its fields, and the allocation that fails in it. */
export function OpForm({ op, onKind, onChange }: OpFormProps) {
  return (
    <div class="opform">
      <Labelled name="op">
        <Choice value={op.op} groups={KIND_GROUPS} onChoose={onKind} />
      </Labelled>
      <FieldInputs
        fields={OPS[op.op].fields}
        values={op}
        onField={(name, value) => onChange(withField(op, name, value))}
      />
      {"calls" in op ? (
        <Calls calls={op.calls} onChange={(calls) => onChange(withField(op, "calls", calls))} />
      ) : null}
      {OPS[op.op].allocates.length === 0 && op.fault === undefined ? null : (
        <FaultInputs op={op} onChange={onChange} />
      )}
    </div>
  );
}

/** Something to choose from groups of names. */
export function Choice<T extends string>({
  value,
  groups,
  onChoose,
  ...rest
}: {
  readonly value: T;
  readonly groups: readonly { readonly name: string; readonly ids: readonly T[] }[];
  readonly onChoose: (value: T) => void;
  readonly "aria-label"?: string;
}) {
  const all = groups.flatMap(({ ids }) => ids);
  return (
    <select
      {...rest}
      value={value}
      onChange={({ currentTarget }) => {
        const chosen = all.find((id) => id === currentTarget.value);
        if (chosen !== undefined) onChoose(chosen);
      }}
    >
      {groups.map(({ name, ids }) => (
        <optgroup key={name} label={name}>
          {ids.map((id) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}

/** A control with its name before it. */
export function Labelled({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <label class="labelled">
      <span>{name}</span> {children}
    </label>
  );
}

interface FieldInputsProps {
  readonly fields: Fields;
  readonly values: Values;
  readonly onField: (name: string, value: Values[string]) => void;
}

function FieldInputs({ fields, values, onField }: FieldInputsProps) {
  return (
    <>
      {Object.entries(fields).map(([name, field]) =>
        field.role === "calls" ? null : (
          <Labelled key={name} name={name}>
            <FieldInput
              field={field}
              value={values[name]}
              onValue={(value) => onField(name, value)}
            />
          </Labelled>
        ),
      )}
    </>
  );
}

interface FieldInputProps {
  readonly field: Field;
  readonly value: Values[string];
  readonly onValue: (value: Values[string]) => void;
}

function FieldInput({ field, value, onValue }: FieldInputProps) {
  if (field.role === "flag") {
    const off = field.optional ? undefined : false;
    return (
      <input
        type="checkbox"
        checked={value === true}
        onChange={({ currentTarget }) => onValue(currentTarget.checked ? true : off)}
      />
    );
  }
  if (field.role === "choice") {
    return (
      <select value={`${value}`} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
        {field.values.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    );
  }
  if (field.role === "calls") return null;
  return (
    <NumberInput
      value={typeof value === "number" ? value : undefined}
      least={field.least}
      most={field.most}
      optional={field.optional}
      onNumber={onValue}
    />
  );
}

export interface NumberInputProps {
  readonly value: number | undefined;
  readonly least: number;
  readonly most: number;
  /** Empty stands for absent. */
  readonly optional: boolean;
  readonly onNumber: (value: number | undefined) => void;
}

/** A whole number; what is none leaves the value as it is. */
export function NumberInput({ value, least, most, optional, onNumber }: NumberInputProps) {
  return (
    <input
      type="number"
      inputMode="numeric"
      min={least}
      max={most}
      value={value ?? ""}
      placeholder={optional ? "none" : ""}
      onChange={({ currentTarget }) => {
        const number = currentTarget.valueAsNumber;
        if (Number.isFinite(number)) onNumber(number);
        else if (optional && currentTarget.value === "") onNumber(undefined);
        else currentTarget.value = `${value ?? ""}`;
      }}
    />
  );
}

/** The allocation that fails in an op; nth 0 is none. */
function FaultInputs({ op, onChange }: Pick<OpFormProps, "op" | "onChange">) {
  const { allocates } = OPS[op.op];
  const at = op.fault?.at ?? allocates[0] ?? ALLOCATION_SITES[0];
  const sites = allocates.some((site) => site === at) ? allocates : [...allocates, at];
  const put = (site: string, nth: number) =>
    onChange(withField(op, "fault", nth === 0 ? undefined : ({ at: site, nth } as Op["fault"])));
  return (
    <>
      <Labelled name="no memory for">
        <select
          value={op.fault === undefined ? "" : at}
          onChange={({ currentTarget: { value } }) =>
            put(value, value === "" ? 0 : (op.fault?.nth ?? 1))
          }
        >
          <option value="">nothing</option>
          {sites.map((site) => (
            <option key={site} value={site}>
              {site}
            </option>
          ))}
        </select>
      </Labelled>
      {op.fault === undefined ? null : (
        <Labelled name="the nth">
          <NumberInput
            value={op.fault.nth}
            least={1}
            most={64}
            optional={false}
            onNumber={(nth) => put(at, Math.max(1, Math.min(64, nth ?? 1)))}
          />
        </Labelled>
      )}
    </>
  );
}

const CALL_GROUPS = [{ name: "Calls of an mmap handler", ids: DRIVER_CALLS }] as const;

interface CallsProps {
  readonly calls: readonly DriverCallRecord[];
  readonly onChange: (calls: DriverCallRecord[]) => void;
}

/** What the mmap handler of a driver does, call by call. */
function Calls({ calls, onChange }: CallsProps) {
  const put = (at: number, ...now: DriverCallRecord[]) =>
    onChange([...calls.slice(0, at), ...now, ...calls.slice(at + 1)]);
  return (
    <fieldset>
      <legend>calls</legend>
      {calls.map((call, index) => (
        <div key={index} class="opform">
          <Choice
            aria-label={`Call ${index}`}
            value={call.call}
            groups={CALL_GROUPS}
            onChoose={(kind: CallKind) => put(index, callOf(kind))}
          />
          <FieldInputs
            fields={CALLS[call.call].fields}
            values={call}
            onField={(name, value) => put(index, withCallField(call, name, value))}
          />
          <button type="button" onClick={() => put(index)}>
            Drop call {index}
          </button>
        </div>
      ))}
      <button type="button" onClick={() => onChange([...calls, callOf("remap")])}>
        Add a call
      </button>
    </fieldset>
  );
}
