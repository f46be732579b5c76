import { inspect } from 'node:util';

const MASK = '[REDACTED]';

/** A secret: whatever prints it, as text, JSON, YAML or in a log, prints `[REDACTED]`. */
export class Opaque {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** The secret itself, for the one place that uses it. */
  reveal(): string {
    return this.#secret;
  }

  /** The mask; that nothing was given is no secret. */
  toString(): string {
    return this.#secret === '' ? '' : MASK;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
