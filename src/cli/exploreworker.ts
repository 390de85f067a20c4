import { workerData } from "piscina";
import type { Expansion, Paths } from "../../fuzz/explore/expander.ts";
import { checks } from "../pat/invariant.ts";
import { openPair } from "./backends.ts";
import { type ExploreSetup, expanderOf } from "./expanders.ts";
import { opening } from "./opening.ts";

checks.thorough = process.env["PFNDIFF_CHECK"] === "1";

const { scope, programs }: ExploreSetup = workerData;
opening.programs = programs;
const expander = expanderOf(await openPair(scope), scope);

/** What a thread of the exploration does with each chunk. */
export default function expand(paths: Paths): Expansion {
  return expander.expand(paths);
}
