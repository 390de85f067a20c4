/** Ends a switch over a closed union: the compiler proves that it is never reached. */
export function assertNever(value: never): never {
  throw new Error(`not one of the known cases: ${JSON.stringify(value)}`);
}
