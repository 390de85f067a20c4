import { z } from "zod";

/** The fault that findings follow from, as far as their witnesses tell: a grouping, no verdict. */
export const rootSchema = z.strictObject({
  /** `side:what begins it:what explains it`; no number and no name of a backend is in it. */
  name: z.string(),
  /** What a user notices of it: by its gravest finding, and by the simplest witness. */
  notice: z.string(),
  /** Signatures: the one with the simplest witness, then what follows, gravest first. */
  findings: z.array(z.string()).min(1),
});

export type Root = z.infer<typeof rootSchema>;
