import type { Counter } from '../../component/telemetry.ts';
import type { LogOnce } from '../../helper/log-once.ts';

/** Something that is measured in the background, for as long as it is read. */
export interface Followed<T> {
  /** The last figure and its time; asks for another where that is older than the interval. */
  latest(): { readonly value: T; readonly time: number } | undefined;
  close(): void;
}

/** Measures one thing after another, and none before it is read. */
export interface Background<T> {
  /** `measure` rejects where it cannot; `fields` tell in the log what it is. */
  follow(fields: Readonly<Record<string, string>>, measure: () => Promise<T>): Followed<T>;
  /** Ends it; what is being measured goes nowhere. */
  close(): void;
}

/** What it is made with. */
export interface BackgroundOptions {
  readonly intervalMillis: number;
  /** Wall clock in ms. */
  readonly now: () => number;
  readonly said: LogOnce;
  readonly failures: Counter;
  readonly messages: { readonly failed: string; readonly recovered: string };
}

interface Entry {
  measure(): Promise<void>;
}

/** What failed is tried again sooner than the longest intervals. */
const LONGEST_RETRY_MILLIS = 300_000;
/** How many intervals a figure stands when its successor cannot be had. */
const MAX_AGE = 3;

/** Makes it. */
export function createBackground<T>(options: BackgroundOptions): Background<T> {
  const { intervalMillis, now, said, failures, messages } = options;
  const waiting = new Set<Entry>();
  let isClosed = false;
  let isBusy = false;
  return {
    follow,
    close() {
      isClosed = true;
      waiting.clear();
    },
  };

  async function work(): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    // After the pass that asks, not within it.
    await Promise.resolve();
    for (const entry of waiting) {
      await entry.measure();
      waiting.delete(entry);
    }
    isBusy = false;
  }

  function follow(
    fields: Readonly<Record<string, string>>,
    measureIt: () => Promise<T>,
  ): Followed<T> {
    const key = `${messages.failed} ${Object.values(fields).join(' ')}`;
    const entry: Entry = { measure };
    let last: { readonly value: T; readonly time: number } | undefined;
    let due = 0;
    let isGone = false;
    return { latest, close };

    function latest(): typeof last {
      const time = now();
      if (time >= due && !isClosed) {
        waiting.add(entry);
        void work();
      }
      if (last !== undefined && time - last.time > MAX_AGE * intervalMillis) last = undefined;
      return last;
    }

    async function measure(): Promise<void> {
      if (isGone) return;
      try {
        const value = await measureIt();
        if (isGone) return;
        last = { value, time: now() };
        due = last.time + intervalMillis;
        said.recovered(key, messages.recovered, fields);
      } catch (error) {
        if (isGone) return;
        due = now() + Math.min(intervalMillis, LONGEST_RETRY_MILLIS);
        failures.add(1);
        said.trouble(key, messages.failed, { ...fields, error: (error as Error).message });
      }
    }

    function close(): void {
      isGone = true;
      waiting.delete(entry);
      said.forget(key);
    }
  }
}
