/** How a command ended; the numbers are pfndiff's own exit statuses. */
export const EXIT = {
  ok: 0,
  divergence: 1,
  usage: 2,
  harness: 3,
  nothingRan: 4,
  interrupted: 130,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

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

/** The exit status in the caller's style. */
export function exitStatus(style: ExitStyle, status: ExitStatus): number {
  return TABLE[style][status];
}
