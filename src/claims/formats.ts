/** How claims can be printed. */
export const CLAIM_FORMATS = ["text", "markdown", "json"] as const;

export type ClaimFormat = (typeof CLAIM_FORMATS)[number];

/** Traces of the campaign that claims are judged by, unless it is said otherwise. */
export const DEFAULT_CLAIM_RUNS = 1000;

/** The seed of that campaign: claims are judged by the same traces everywhere. */
export const CLAIM_SEED = 1;

/**
 * What is explored for the claims: every sequence within these bounds, and so many ops deep unless it
 * is said otherwise. Three pages have a head, a middle and a tail; one op more costs 20 times as much.
 */
export const CLAIM_BOUNDS = { procs: 2, slots: 2, pages: 3 } as const;
export const DEFAULT_CLAIM_DEPTH = 3;
