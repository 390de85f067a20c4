import { assertNever } from "../assertnever.ts";
import { CALLS, type CallKind, type DriverCallRecord } from "./driverop.ts";
import type { Field, Fields, Values } from "./fields.ts";
import { type OpKind, OPS } from "./op.ts";
import { MEMORIES, type Memory, MEMORY_WORDS, memoryOf, type Trace, type World } from "./trace.ts";

/**
 * A world and ops as text for an address: `8.8.uncached` and `spawn.0~mmap.0.0.2.0.resource.rw.0`. The
 * fields stand in the order of their rows, and no character needs to be escaped in a URL's fragment.
 */
export interface CompactTrace {
  readonly world: string;
  readonly ops: string;
}

/** Between ops, fields, calls, a call's fields, and before the allocation that fails. */
const [OP, FIELD, CALL, CALL_FIELD, FAULT] = ["~", ".", ";", ":", "!"] as const;

export function compactTrace({ world, ops }: Pick<Trace, "world" | "ops">): CompactTrace {
  return { world: worldText(world), ops: ops.map((op) => opText(op.op, op)).join(OP) };
}

/** What stands before the place of the ISA window. */
const ISA = "isa";
/** How a world without PAT is told, where another has nothing, and how its region is. */
const NO_PAT = "nopat";
const REGIONS: readonly string[] = ["bar", "low"];
/** What stands before the pfns and the memory of a further region. */
const MORE = "and";
const FURTHER = new RegExp(`^${MORE}(\\d{1,9})(${MEMORIES.join("|")})$`);

function worldText({ pfns, vpages, mtrr, maps, pat, region, isa, regions = [] }: World): string {
  const more = [
    ...(maps === undefined ? [] : [maps]),
    ...(pat === false ? [NO_PAT] : []),
    ...(region === undefined ? [] : [region]),
    ...(isa === undefined ? [] : [`${ISA}${isa}`]),
    ...regions.map((each) => `${MORE}${each.pfns}${memoryOf(each)}`),
  ];
  return [pfns, vpages, mtrr, ...more].join(FIELD);
}

function opText(kind: OpKind, op: Trace["ops"][number]): string {
  const { fault } = op;
  const failing = fault === undefined ? "" : `${FAULT}${fault.at}${FAULT}${fault.nth}`;
  return `${recordText(kind, op, OPS[kind].fields, FIELD)}${failing}`;
}

function recordText(kind: string, values: Values, fields: Fields, between: string): string {
  const texts = Object.entries(fields).map(([name, field]) => valueText(values[name], field));
  // What is absent at the end is left out: a link that ends in a full stop loses it in a mail.
  while (texts.at(-1) === "") texts.pop();
  return [kind, ...texts].join(between);
}

function valueText(value: Values[string], field: Field): string {
  if (value === undefined) return "";
  if (field.role === "flag") return value === true ? "1" : "0";
  if (field.role !== "calls") return `${value}`;
  const calls = value as readonly DriverCallRecord[];
  return calls
    .map((call) => recordText(call.call, call, CALLS[call.call].fields, CALL_FIELD))
    .join(CALL);
}

/** What a compact text says, to be parsed by `traceSchema`: it may be anybody's. */
export function compactValue(name: string, { world, ops }: CompactTrace): unknown {
  const [pfns = "", vpages = "", mtrr, ...more] = world.split(FIELD);
  const isa = more.find((text) => text.startsWith(ISA));
  const further = more.filter((text) => FURTHER.test(text));
  const others: readonly (string | undefined)[] = [NO_PAT, isa, ...REGIONS, ...further];
  const maps = more.find((text) => !others.includes(text));
  const region = more.find((text) => REGIONS.includes(text));
  return {
    format: "pfndiff/trace@1",
    name,
    world: {
      pfns: numberValue(pfns),
      vpages: numberValue(vpages),
      mtrr,
      ...(maps === undefined ? {} : { maps: numberValue(maps) }),
      ...(region === undefined ? {} : { region }),
      ...(more.includes(NO_PAT) ? { pat: false } : {}),
      ...(isa === undefined ? {} : { isa: placeValue(isa.slice(ISA.length)) }),
      ...(further.length === 0 ? {} : { regions: further.map(furtherValue) }),
    },
    ops: ops === "" ? [] : ops.split(OP).map(opValue),
  };
}

const FIELDS_OF_OPS = new Map<string, Fields>(
  (Object.keys(OPS) as OpKind[]).map((kind) => [kind, OPS[kind].fields]),
);
const FIELDS_OF_CALLS = new Map<string, Fields>(
  (Object.keys(CALLS) as CallKind[]).map((kind) => [kind, CALLS[kind].fields]),
);

function opValue(text: string): unknown {
  const [own = "", at, nth = "", ...more] = text.split(FAULT);
  const record = recordValue("op", own.split(FIELD), FIELDS_OF_OPS);
  if (at === undefined) return record;
  return { ...record, fault: { at, nth: numberValue(nth), ...(more.length > 0 && { more }) } };
}

/** The fields of a record; those that it has too many stay, for the schema to object to. */
function recordValue(
  tag: "op" | "call",
  [kind = "", ...texts]: readonly string[],
  rows: ReadonlyMap<string, Fields>,
): Readonly<Record<string, unknown>> {
  const fields = Object.entries(rows.get(kind) ?? {});
  const values = texts.map((text, index): [string, unknown] => {
    const [name, field] = fields[index] ?? [];
    if (name === undefined || field === undefined) return [`field ${index + 1}`, text];
    return [name, fieldValue(text, field)];
  });
  const lists = fields.flatMap(([name, { role }]) => (role === "calls" ? [[name, []]] : []));
  const told = values.filter(([, value]) => value !== undefined);
  return { [tag]: kind, ...Object.fromEntries([...lists, ...told]) };
}

function fieldValue(text: string, field: Field): unknown {
  if (text === "") return undefined;
  switch (field.role) {
    case "choice":
      return text;
    case "flag":
      return { "0": false, "1": true }[text] ?? text;
    case "calls":
      return text
        .split(CALL)
        .map((call) => recordValue("call", call.split(CALL_FIELD), FIELDS_OF_CALLS));
    case "proc":
    case "born":
    case "virtual":
    case "length":
    case "rest":
    case "pfn":
    case "offset":
    case "slot":
    case "buffer":
    case "region":
      return numberValue(text);
    default:
      return assertNever(field);
  }
}

/** A whole number, or the text itself, which no schema takes for one. */
function numberValue(text: string): unknown {
  return /^\d{1,9}$/.test(text) ? Number(text) : text;
}

/** A further region of a world. */
function furtherValue(text: string): unknown {
  const [, pfns = "", memory] = FURTHER.exec(text) ?? [];
  return { pfns: numberValue(pfns), ...MEMORY_WORDS[memory as Memory] };
}

/** The same of one that may be below zero. */
function placeValue(text: string): unknown {
  return /^-\d{1,9}$/.test(text) ? Number(text) : numberValue(text);
}
