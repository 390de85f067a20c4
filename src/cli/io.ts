export { oneLine } from "../../reports/clean.ts";
/**
 * What a command may touch of the outside world. Commands get it handed in, so that tests run
 * them in-process and only the entry point knows `process`.
 */
export interface Io {
  /** Writes data; resolves when there is room for more. After a broken pipe it does nothing. */
  out(text: string): Promise<void>;
  /** Writes progress or an error. */
  err(text: string): void;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Whether stderr is a terminal, where a live line may be redrawn. */
  readonly liveErr: boolean;
  /** Whether stdout takes colour: a terminal, and NO_COLOR is not set. */
  readonly colour: boolean;
  /** Width of the terminal, in columns; 80 when there is none. */
  readonly columns: number;
  /** Aborted by SIGINT, SIGTERM or SIGHUP: the command saves what it has and returns 130. */
  readonly interrupted: AbortSignal;
  /** The reader of stdout has gone: nothing written will be read. */
  readonly closed: boolean;
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Exit statuses of every command. */
export const EXIT = {
  ok: 0,
  divergence: 1,
  usage: 2,
  harness: 3,
  nothingRan: 4,
  interrupted: 130,
} as const;

/** What each of them says. */
export const EXIT_TEXT: Readonly<Record<ExitStatus, string>> = {
  0: "nothing unexpected",
  1: "an unexpected divergence: not in the baseline, not as the scenario expects, or a campaign that missed a goal",
  2: "usage, configuration or bad input; one line says what and where",
  3: "the harness itself failed",
  4: "nothing could run: no QEMU, image or compiler; the line says the command that mends it",
  130: "interrupted (SIGINT, SIGTERM or SIGHUP); saved, and `fuzz --resume` goes on",
};

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];
