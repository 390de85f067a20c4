/**
 * Formats a saved campaign can be rendered in. Text formats have their renderers in renderers.ts;
 * html needs the built viewer, so the command line puts it together.
 */
export const REPORT_FORMATS = [
  "html",
  "markdown",
  "json",
  "junit",
  "sarif",
  "ktap",
  "github",
] as const;

export type ReportFormat = (typeof REPORT_FORMATS)[number];

export type TextFormat = Exclude<ReportFormat, "html">;

/** Documents whose JSON Schema is published, by the name that `pfndiff schema` takes. */
export const SCHEMA_NAMES = [
  "trace",
  "recording",
  "campaign",
  "finding",
  "baseline",
  "certificate",
  "claims",
  "report",
  "explanation",
  "coverage",
  "interleave",
  "schedule",
] as const;

export type SchemaName = (typeof SCHEMA_NAMES)[number];
