/** How claims can be printed. */
export const CLAIM_FORMATS = ["text", "markdown", "json"] as const;

export type ClaimFormat = (typeof CLAIM_FORMATS)[number];

/** Traces of the campaign that claims are judged by, unless it is said otherwise. */
export const DEFAULT_CLAIM_RUNS = 1000;

/** The seed of that campaign: claims are judged by the same traces everywhere. */
export const CLAIM_SEED = 1;
