import { LIFETIME } from '../../catalog/lifetime.ts';
import type { Row } from './row-table.ts';

/** When a workload started and was last read, in ms since the epoch. */
export interface Lifetime {
  /** Undefined where nobody tells. */
  readonly startMillis: number | undefined;
  readonly seenMillis: number;
}

/** Whole seconds, as cAdvisor prints them. */
export const LIFETIME_ROWS: readonly Row<Lifetime>[] = [
  [
    LIFETIME.container_start_time_seconds,
    ({ startMillis }) => (startMillis === undefined ? undefined : Math.floor(startMillis / 1000)),
  ],
  [LIFETIME.container_last_seen, (s) => Math.floor(s.seenMillis / 1000)],
];
