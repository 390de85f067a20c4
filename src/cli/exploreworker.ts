import { workerData } from "piscina";
import type { Scope } from "../../fuzz/explore/certificate.ts";
import type { Expansion, Paths } from "../../fuzz/explore/expander.ts";
import { checks } from "../pat/invariant.ts";
import { openExpander } from "./expanders.ts";

checks.thorough = process.env["PFNDIFF_CHECK"] === "1";

const scope: Scope = workerData;
const expander = await openExpander(scope);

/** What a thread of the exploration does with each chunk. */
export default function expand(paths: Paths): Expansion {
  return expander.expand(paths);
}
