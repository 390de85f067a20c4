import { UserError } from "../src/usererror.ts";

/**
 * Something that a real kernel needs is not there: the program ends with exit status 4, one line
 * that says what is missing, and the command that mends it.
 */
export class KernelUnavailable extends UserError {
  override readonly name: string = "KernelUnavailable";
  override readonly exitCode = 4;
  /** The command, or the sentence, that mends it. */
  readonly mend: string;

  constructor(what: string, mend: string) {
    super(`${what}; to mend it: ${mend}`);
    this.mend = mend;
  }
}

/** Every trace of a tree parts from what was recorded, and no tree of its release is known to do better. */
export class GlueToBlame extends KernelUnavailable {
  override readonly name = "GlueToBlame";
}
