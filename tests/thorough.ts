import { checks } from "../src/pat/invariant.ts";

/** Every test runs with the invariants that are too dear for a campaign. */
checks.thorough = true;
