/**
 * Something the user can put right: bad usage, configuration or input. The message is one line
 * that says what and where; the command line prints it without a stack and exits with 2, or
 * with 4 where nothing could run at all.
 */
export class UserError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: 2 | 4 = 2) {
    super(message);
    this.exitCode = exitCode;
    this.name = "UserError";
  }
}
