import type { Recording } from "./recording.ts";

/** A recording as one JSONL line, fields in the order in which recordings of kernels have them. */
export function recordingLine(recording: Recording): string {
  const { format, kernel, backend, trace, steps } = recording;
  const head = { format, ...(kernel && { kernel }), ...(backend !== undefined && { backend }) };
  return `${JSON.stringify({ ...head, trace, steps })}\n`;
}
