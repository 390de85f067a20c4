/**
 * Something the user can put right: bad usage, configuration or input. The message is one line
 * that says what and where; the command line prints it without a stack and exits with 2.
 */
export class UserError extends Error {
  readonly exitCode = 2;

  constructor(message: string) {
    super(message);
    this.name = "UserError";
  }
}
