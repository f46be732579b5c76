import { gauge, metricSet } from './metric.ts';

/** What is computed from other metrics, for those who have no query language; off by default. */
export const DERIVED = metricSet('cpu', {
  container_cpu_usage_cores: gauge(
    'CPU in use, in cores: the gain of container_cpu_usage_seconds_total over 10 s or more',
    { valueType: 'double' },
  ),
});
