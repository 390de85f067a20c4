/**
 * Formats a saved campaign can be rendered in. Text formats have their renderers in renderers.ts;
 * html needs the built viewer and the gate, so the command line puts it together.
 */
export const REPORT_FORMATS = ["html", "markdown", "json"] as const;

export type ReportFormat = (typeof REPORT_FORMATS)[number];

export type TextFormat = Exclude<ReportFormat, "html">;
