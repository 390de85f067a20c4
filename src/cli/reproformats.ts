/** What `pfndiff repro` can make of a finding. */
export const REPRO_FORMATS = ["c", "kselftest", "patch", "syz", "mail"] as const;

export type ReproFormat = (typeof REPRO_FORMATS)[number];
