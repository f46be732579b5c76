/** An argument of the command line cannot be used. */
export class UsageError extends Error {
  constructor(argument: string, message: string) {
    super(`${argument}: ${message}`);
    this.name = 'UsageError';
  }
}
