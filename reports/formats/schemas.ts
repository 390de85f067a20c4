import { z } from "zod";
import { certificateSchema } from "../../fuzz/explore/certificate.ts";
import { campaignSchema } from "../../fuzz/summary.ts";
import { claimsSchema } from "../../src/claims/document.ts";
import { explanationSchema } from "../../src/explain/document.ts";
import { baselineSchema } from "../../src/gate.ts";
import { campaignFindingSchema } from "../../src/oracle/finding.ts";
import { interleaveSchema, scheduleSchema } from "../../src/races/document.ts";
import { coverageSchema } from "../../src/trace/coverage.ts";
import { recordingSchema } from "../../src/trace/recording.ts";
import { racedTraceSchema } from "../../src/trace/race.ts";
import type { SchemaName } from "../formats.ts";
import { reportSchema } from "./reportdocument.ts";

/** The documents whose format is published, by the name that `pfndiff schema` takes. */
const DOCUMENTS = {
  trace: [racedTraceSchema, "pfndiff/trace@1: a world and a list of ops, one both among them"],
  recording: [recordingSchema, "pfndiff/recording@1: a trace and what a backend showed"],
  campaign: [campaignSchema, "pfndiff/campaign@1: what a fuzzing campaign found"],
  finding: [campaignFindingSchema, "one finding of a campaign"],
  baseline: [baselineSchema, "pfndiff/baseline@1: every accepted divergence"],
  certificate: [certificateSchema, "pfndiff/certificate@1: what exploring two sides reached"],
  report: [reportSchema, 'pfndiff/report@1: a campaign as "report --format json" prints it'],
  explanation: [explanationSchema, "pfndiff/explanation@1: kernel lines and state, explained"],
  coverage: [coverageSchema, "pfndiff/coverage@1: what a campaign ran of a tree's tracking"],
  interleave: [interleaveSchema, "pfndiff/interleave@1: every schedule of two tasks up to a bound"],
  schedule: [scheduleSchema, "pfndiff/schedule@1: one schedule of two tasks, point by point"],
  claims: [claimsSchema, "pfndiff/claims@1: what the series claimed, judged"],
} as const satisfies Record<SchemaName, readonly [z.ZodType, string]>;

/**
 * The JSON Schema (draft 2020-12) of a document, made from the schema that reads it. Rules between
 * fields, such as an op lying inside its world, are not expressible: a reader checks them too.
 */
export function jsonSchema(name: SchemaName): Record<string, unknown> {
  const [schema, description] = DOCUMENTS[name];
  return {
    ...z.toJSONSchema(schema, { target: "draft-2020-12" }),
    $id: `urn:pfndiff:schema:${name}`,
    title: `pfndiff ${name}`,
    description,
  };
}
