import { workerData } from "piscina";
import type { Scope } from "../../fuzz/explore/certificate.ts";
import type { Expansion, Paths } from "../../fuzz/explore/expander.ts";
import { openExpander } from "./expanders.ts";

const scope: Scope = workerData;
const expander = await openExpander(scope);

/** What a thread of the exploration does with each chunk. */
export default function expand(paths: Paths): Expansion {
  return expander.expand(paths);
}
