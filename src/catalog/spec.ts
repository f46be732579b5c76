import { gauge } from './metric.ts';

const UNTIMED = { timed: false } as const;

/** Limits and requests of a workload: cAdvisor prints them whatever its metric sets are. */
export const SPEC = {
  container_spec_cpu_period: gauge(
    'spec',
    'container_spec_cpu_period',
    'CPU period of the quota in microseconds',
    UNTIMED,
  ),
  container_spec_cpu_quota: gauge(
    'spec',
    'container_spec_cpu_quota',
    'CPU time allowed per period in microseconds; absent without a quota',
    UNTIMED,
  ),
  container_spec_cpu_shares: gauge(
    'spec',
    'container_spec_cpu_shares',
    'Relative CPU share on the scale of cgroup v1',
    UNTIMED,
  ),
  container_spec_memory_limit_bytes: gauge(
    'spec',
    'container_spec_memory_limit_bytes',
    'Memory limit; 0 is unlimited',
    { ...UNTIMED, unit: 'By' },
  ),
  container_spec_memory_swap_limit_bytes: gauge(
    'spec',
    'container_spec_memory_swap_limit_bytes',
    'Limit of swap (cgroup v2) or of memory and swap together (v1); 0 is unlimited',
    { ...UNTIMED, unit: 'By' },
  ),
  container_spec_memory_reservation_limit_bytes: gauge(
    'spec',
    'container_spec_memory_reservation_limit_bytes',
    'Memory that reclaim spares; 0 is none',
    { ...UNTIMED, unit: 'By' },
  ),
} as const;
