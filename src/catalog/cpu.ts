import { counter, metricSet } from './metric.ts';

const SECONDS = { unit: 's', valueType: 'double' } as const;

/** cAdvisor's `cpu` set, by name. */
export const CPU = metricSet('cpu', {
  container_cpu_usage_seconds_total: counter('CPU time used, all cores together', {
    ...SECONDS,
    labels: ['cpu'],
  }),
  container_cpu_user_seconds_total: counter('CPU time used in user mode', SECONDS),
  container_cpu_system_seconds_total: counter('CPU time used in kernel mode', SECONDS),
  container_cpu_cfs_periods_total: counter('Enforcement periods elapsed under a CPU quota'),
  container_cpu_cfs_throttled_periods_total: counter(
    'Enforcement periods in which the quota was used up',
  ),
  container_cpu_cfs_throttled_seconds_total: counter(
    'Time spent waiting for the next enforcement period',
    SECONDS,
  ),
  container_cpu_cfs_burst_periods_total: counter(
    'Enforcement periods in which saved quota was used',
  ),
  container_cpu_cfs_burst_seconds_total: counter(
    'CPU time used above the quota from saved quota',
    SECONDS,
  ),
});
