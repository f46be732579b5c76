import type { Counter, Telemetry } from '../component/telemetry.ts';
import { createBackoff } from './backoff.ts';
import type { LogOnce } from './log-once.ts';

/**
 * How it goes with a source: `absent` is no error, `denied` lacks a right, `failing` is anything else
 * that kept it from being read.
 */
type SourceState = 'absent' | 'denied' | 'failing' | 'up';

/** A source and its troubles: each is said once, and once more when all are over. */
export interface Source {
  /** Undefined before the first read. */
  readonly state: SourceState | undefined;
  /** What went wrong last; undefined unless it is denied or failing. */
  readonly error: string | undefined;
  /** False while a source that failed waits for its next try. */
  mayTry(): boolean;
  succeeded(): void;
  /** It is not there, or may not be read, which the caller has said if it is worth a line. */
  is(state: 'absent' | 'denied'): void;
  /** Counts a read that failed; `message` says what follows from it, if not the usual. */
  failed(error: Error, message?: string): void;
  /** The source is gone: nothing is said of it any more. */
  close(): void;
}

/** What a source is made with. */
export interface SourceOptions {
  readonly said: LogOnce;
  /** Tells its troubles from those of others. */
  readonly key: string;
  /** Said when it fails, and when it can be read again, with these fields. */
  readonly messages: { readonly failed: string; readonly recovered: string };
  readonly fields: Readonly<Record<string, unknown>>;
  readonly failures: Counter;
  readonly counts: StateCounts;
}

/** Makes a source that has not been read. */
export function createSource(options: SourceOptions): Source {
  const { said, key, messages, fields, failures, counts } = options;
  const backoff = createBackoff();
  const troubles = new Set<string>();
  let state: SourceState | undefined;
  let error: string | undefined;
  return {
    get state() {
      return state;
    },
    get error() {
      return error;
    },
    mayTry: () => backoff.mayTry(performance.now()),
    succeeded() {
      become('up', undefined);
      backoff.succeeded();
      const [first] = troubles;
      if (first !== undefined) said.recovered(first, messages.recovered, fields);
      forget();
    },
    is(told) {
      become(told, undefined);
      backoff.succeeded();
      forget();
    },
    failed(cause, message = messages.failed) {
      become(isDenial(cause) ? 'denied' : 'failing', cause.message);
      backoff.failed(performance.now());
      failures.add(1);
      const trouble = `${key}: ${message}`;
      troubles.add(trouble);
      said.trouble(trouble, message, { ...fields, error: cause.message });
    },
    close() {
      become(undefined, undefined);
      forget();
    },
  };

  function become(next: SourceState | undefined, why: string | undefined): void {
    error = why;
    if (next !== state) counts.changed(state, next);
    state = next;
  }

  function forget(): void {
    for (const trouble of troubles) said.forget(trouble);
    troubles.clear();
  }
}

/** How many sources are in each state, as gauges with the label `state`. */
export interface StateCounts {
  /** Undefined is a source that is not read yet, or no longer. */
  changed(from: SourceState | undefined, to: SourceState | undefined): void;
  /** Withdraws the gauges. */
  close(): void;
}

const STATES = ['absent', 'denied', 'failing', 'up'] as const;

/** Makes the gauges `name`; there are no rows before the first source was read. */
export function createStateCounts(
  telemetry: Telemetry,
  name: string,
  labels: Readonly<Record<string, string>>,
): StateCounts {
  const counts = STATES.map((state) => ({
    ...{ state, gauge: telemetry.gauge(name, { ...labels, state }) },
    sources: 0,
  }));
  return {
    changed(from, to) {
      for (const count of counts) {
        if (count.state === from) count.sources--;
        if (count.state === to) count.sources++;
        count.gauge.set(count.sources);
      }
    },
    close() {
      for (const { gauge } of counts) gauge.set(Number.NaN);
    },
  };
}

function isDenial(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return true;
  return error.cause instanceof Error && isDenial(error.cause);
}
