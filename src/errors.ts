/** When a configuration was found wrong: as it was read, decoded, or checked as a whole. */
export type ConfigStage = 'resolve' | 'decode' | 'validate';

/** The configuration is wrong; `path` is the key, joined by `::`, or the file. */
export class ConfigError extends Error {
  readonly code = 'CONFIG';
  readonly path: string;
  readonly stage: ConfigStage;

  constructor(path: string, message: string, options?: { cause?: unknown; stage?: ConfigStage }) {
    super(path === '' ? message : `${path}: ${message}`, options);
    this.name = 'ConfigError';
    this.path = path;
    this.stage = options?.stage ?? 'validate';
  }
}

/** Some of a source could not be read; what was read still counts. */
export class PartialScrapeError extends Error {
  readonly code = 'PARTIAL_SCRAPE';
  readonly failures: readonly Error[];

  constructor(failures: readonly Error[]) {
    super(failures.map((failure) => failure.message).join('; '));
    this.name = 'PartialScrapeError';
    this.failures = failures;
  }
}

/** A source did not answer in time; its answer is left out of that collection. */
export class LateError extends Error {
  readonly code = 'LATE';

  constructor(source: string) {
    super(`${source} did not answer before the deadline of this collection`);
    this.name = 'LateError';
  }
}
