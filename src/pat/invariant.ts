/** What our own code must never do. It is no kernel's fault and no design's: nothing catches it. */
export class BrokenInvariant extends Error {}

/** Ends whatever is under way: an invariant of the models does not hold. */
export function broken(what: string): never {
  throw new BrokenInvariant(`broken invariant: ${what}`);
}

/**
 * Checks that cost a look at a whole process or list are made where `thorough` is on: in the tests,
 * and in the command line with PFNDIFF_CHECK=1. Cheap ones are always made.
 */
export const checks = { thorough: false };
