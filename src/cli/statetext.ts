import type { Explanation, Holder, ReservationState, Trial } from "../explain/document.ts";
import { bytesText } from "../explain/words.ts";

const isKref = (id: string) => id.startsWith("modern");

/** Who holds each reservation, and what each mapping has; one text a paragraph. */
export function stateTexts(explanation: Explanation): string[] {
  const { reservations = [], mappings = [], trials = [], models } = explanation;
  return [
    ...reservations.map((one) => reservationText(one, models.every(isKref))),
    ...mappings.map((one) => mappingText(one, explanation.reservations !== undefined)),
    ...trials.map((trial) => trialText(trial, reservations)),
  ];
}

const nameOf = ({ owner, path }: Holder) => `process ${owner}'s mapping of ${path}`;

function reservationText(
  { holders, unmapped, claimed, ...range }: ReservationState,
  kref: boolean,
): string {
  const head = `Reservation ${bytesText(range)} ${range.mode}`;
  const resource = claimed.length === 0 ? "" : ` /proc/iomem calls it ${claimed.join(" in ")}.`;
  if (holders.length === 0) {
    return `${head}: no mapping that is given holds it. It is the kernel's own (ioremap), of a process whose maps are not here, or ${kref ? "kept by a mapping that has moved away from it" : "leaked"}.${resource}`;
  }
  const held = [...new Set(holders.map(nameOf))].join(" and ");
  const rest = unmapped.map(bytesText).join(", ");
  const kept = kref
    ? `none of these maps ${rest} of it: if no other process does, it stays reserved until the last of them goes`
    : `none of these maps ${rest} of it`;
  return `${head}: held by ${held}.${rest === "" ? "" : ` But ${kept}.`}${resource}`;
}

function mappingText(
  mapping: NonNullable<Explanation["mappings"]>[number],
  isListGiven: boolean,
): string {
  const { physical, asked, has } = mapping;
  const head = `Process ${mapping.owner} maps ${mapping.path} at 0x${mapping.start.toString(16)}`;
  if (physical === undefined) {
    return `${head}: its offset does not tell which physical pages, so its mode is not known.`;
  }
  const where = ` = ${bytesText(physical)}`;
  const wanted =
    asked === undefined ? "it asked for what /dev/mem was opened for" : `it asked for ${asked}`;
  if (!isListGiven) {
    return `${head}${where}: ${wanted}; without pat_memtype_list what it has is not known.`;
  }
  if (has.length === 0)
    return `${head}${where}: ${wanted}; nothing is reserved there, so it is not tracked.`;
  const got = has.join(" and ");
  return `${head}${where}: ${wanted}, and has ${got}, as the list says${asked !== undefined && got !== asked ? " (another mode than it asked for)" : ""}.`;
}

function trialText(trial: Trial, reservations: readonly ReservationState[]): string {
  const { way, asked, got, why, inTheWay } = trial;
  const outcome = got === undefined ? "would be refused" : `would get ${got}`;
  const gone = inTheWay.flatMap((at) => {
    const one = reservations[at];
    if (one === undefined) return [];
    const held = [...new Set(one.holders.map(nameOf))].join(" and ");
    return [`${bytesText(one)} ${one.mode}${held === "" ? "" : `, held by ${held}`}`];
  });
  const first =
    gone.length === 0 ? "" : ` For ${asked} these would have to go first: ${gone.join("; ")}.`;
  return `${way} of ${bytesText(trial)} asks for ${asked} and ${outcome}: ${why}.${first}`;
}
