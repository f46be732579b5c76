import { gauge, metricSet } from './metric.ts';

/** Rows that cAdvisor prints for every container whatever its metric sets are. */
export const LIFETIME = metricSet('app', {
  container_start_time_seconds: gauge('Unix time at which the container started', {
    unit: 's',
    timed: false,
  }),
  container_last_seen: gauge('Unix time at which the container was last read', { timed: false }),
});
