/** A count that only grows. */
export interface Counter {
  add(amount: number): void;
}

/** A value that goes up and down. */
export interface Gauge {
  /** NaN withdraws the row, until it is set again. */
  set(value: number): void;
}

/** Structured logging with the Collector's levels; the message is static, data goes in fields. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** What a component sees of the agent's own telemetry. */
export interface Telemetry {
  readonly logger: Logger;
  counter(name: string, labels?: Record<string, string>): Counter;
  gauge(name: string, labels?: Record<string, string>): Gauge;
}
