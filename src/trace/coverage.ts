import { z } from "zod";

const functionSchema = z.strictObject({
  name: z.string(),
  /** By its path in the tree. */
  file: z.string(),
  /** The line that it begins in. */
  line: z.int(),
  /** How often it was called. */
  calls: z.int(),
  /** Lines with code, and those that never ran. */
  lines: z.int(),
  linesMissed: z.array(z.int()),
  /** Ways out of conditions, and the lines of those that were never taken, once for each. */
  branches: z.int(),
  branchesMissed: z.array(z.int()),
});

/** pfndiff/coverage@1: what a campaign ran of the code of trees that tracks PFN mappings. */
export const coverageSchema = z.strictObject({
  format: z.literal("pfndiff/coverage@1"),
  trees: z.array(
    z.strictObject({ id: z.string(), release: z.string(), functions: z.array(functionSchema) }),
  ),
});

export type Coverage = z.infer<typeof coverageSchema>;
export type TreeCoverage = Coverage["trees"][number];
export type FunctionCoverage = z.infer<typeof functionSchema>;
