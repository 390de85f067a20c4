import { EXIT, type ExitStatus } from "./io.ts";

export const EXIT_STYLES = ["default", "kselftest", "bisect", "autopkgtest"] as const;

export type ExitStyle = (typeof EXIT_STYLES)[number];

/**
 * What each caller makes of a status.
 * kselftest: 0 pass, 1 fail, 4 skip (kselftest.h); 2 and 3 would mean xfail and xpass.
 * bisect: 0 good, 125 skip this commit, up to 127 bad, above 127 stop bisecting: a wrong command
 * line or a broken harness says nothing of a commit.
 * autopkgtest: 0 pass, 77 skip (with the restriction `skippable`), anything else fail.
 */
const TABLE: Readonly<Record<ExitStyle, Readonly<Record<ExitStatus, number>>>> = {
  default: { 0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 130: 130 },
  kselftest: { 0: 0, 1: 1, 2: 1, 3: 1, 4: 4, 130: 1 },
  bisect: { 0: 0, 1: 1, 2: 255, 3: 255, 4: 125, 130: 130 },
  autopkgtest: { 0: 0, 1: 1, 2: 2, 3: 3, 4: 77, 130: 130 },
};

/** The exit status in the caller's style; a status that is none of ours is our own fault. */
export function exitStatus(style: ExitStyle, status: number): number {
  const known = Object.values(EXIT).find((one) => one === status);
  if (known === undefined) throw new Error(`${status} is not an exit status of pfndiff`);
  return TABLE[style][known];
}

/**
 * The style that a command line asks for, if any. It is read from the words themselves, for a command line
 * that cannot be parsed must end in the caller's style too.
 */
export function exitStyleIn(argv: readonly string[]): ExitStyle | undefined {
  const at = argv.findLastIndex((word) => /^--exit-style(=|$)/.test(word));
  if (at < 0) return undefined;
  const wanted = /=(.*)$/.exec(argv[at] ?? "")?.[1] ?? argv[at + 1];
  return EXIT_STYLES.find((style) => style === wanted);
}
