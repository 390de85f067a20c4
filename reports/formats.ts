/** Formats a saved campaign can be rendered in; each has its renderer in renderers.ts. */
export const REPORT_FORMATS = ["markdown", "json"] as const;

export type ReportFormat = (typeof REPORT_FORMATS)[number];
