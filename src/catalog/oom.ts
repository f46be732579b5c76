import { counter, metricSet } from './metric.ts';

/** cAdvisor's `oom_event` set. */
export const OOM = metricSet('oom_event', {
  container_oom_events_total: counter(
    'Processes killed for lack of memory, as the kernel counts them',
  ),
});
