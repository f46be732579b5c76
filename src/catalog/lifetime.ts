import { gauge } from './metric.ts';

/** Rows that cAdvisor prints for every container whatever its metric sets are. */
export const LIFETIME = {
  container_start_time_seconds: gauge(
    'app',
    'container_start_time_seconds',
    'Unix time at which the container started',
    { unit: 's', timed: false },
  ),
  container_last_seen: gauge(
    'app',
    'container_last_seen',
    'Unix time at which the container was last read',
    { timed: false },
  ),
} as const;
