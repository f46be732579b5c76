import { gauge, metricSet } from './metric.ts';

const UNTIMED = { timed: false } as const;

/** Limits and requests of a workload: cAdvisor prints them whatever its metric sets are. */
export const SPEC = metricSet('spec', {
  container_spec_cpu_period: gauge('CPU period of the quota in microseconds', UNTIMED),
  container_spec_cpu_quota: gauge(
    'CPU time allowed per period in microseconds; absent without a quota',
    UNTIMED,
  ),
  container_spec_cpu_shares: gauge('Relative CPU share on the scale of cgroup v1', UNTIMED),
  container_spec_memory_limit_bytes: gauge('Memory limit; 0 is unlimited', {
    ...UNTIMED,
    unit: 'By',
  }),
  container_spec_memory_swap_limit_bytes: gauge(
    'Limit of swap (cgroup v2) or of memory and swap together (v1); 0 is unlimited',
    { ...UNTIMED, unit: 'By' },
  ),
  container_spec_memory_reservation_limit_bytes: gauge('Memory that reclaim spares; 0 is none', {
    ...UNTIMED,
    unit: 'By',
  }),
});
