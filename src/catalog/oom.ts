import { counter } from './metric.ts';

/** cAdvisor's `oom_event` set. */
export const OOM = {
  container_oom_events_total: counter(
    'oom_event',
    'container_oom_events_total',
    'Processes killed for lack of memory, as the kernel counts them',
  ),
} as const;
