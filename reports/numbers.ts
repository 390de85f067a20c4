import { grouped, plural } from "../src/counted.ts";
import type { Retention } from "../src/oracle/state.ts";

export { grouped, plural } from "../src/counted.ts";

/** A probability from 0 to 1 the way people read it: two digits that count, and no power of ten. */
export function percent(probability: number): string {
  if (probability === 0) return "0 %";
  const share = 100 * probability;
  const rounded = Number(share.toPrecision(2));
  return rounded < 0.0001 ? "< 0.0001 %" : `${rounded} %`;
}

/** What was held past its last mapping, in the words of every report. */
export function retentionText({ pageOps, refused, changed }: Retention): string {
  const cost = `${plural(refused, "mapping")} refused and ${grouped(changed)} given another type for it`;
  return `${plural(pageOps, "page-op")} past the last mapping, ${cost}`;
}
