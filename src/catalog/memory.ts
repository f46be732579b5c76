import { counter, gauge, metricSet } from './metric.ts';

/** cAdvisor's `memory` set, by name. Events are counts; everything else is bytes or pages. */
export const MEMORY = metricSet('memory', {
  container_memory_usage_bytes: gauge('Memory charged to the cgroup, page cache included', {
    unit: 'By',
  }),
  container_memory_working_set_bytes: gauge('Memory charged less inactive page cache', {
    unit: 'By',
  }),
  container_memory_rss: gauge('Anonymous memory in bytes, transparent huge pages included'),
  container_memory_cache: gauge('Page cache in bytes'),
  container_memory_mapped_file: gauge('Mapped page cache in bytes'),
  container_memory_swap: gauge('Swap used in bytes'),
  container_memory_kernel_usage: gauge('Kernel memory in bytes'),
  container_memory_max_usage_bytes: gauge('Highest memory usage seen by the kernel', {
    unit: 'By',
  }),
  container_memory_failcnt: counter('Times that the memory limit was hit (cgroup v1)'),
  container_memory_failures_total: counter('Page faults', { labels: ['failure_type', 'scope'] }),
  container_memory_total_active_file_bytes: gauge('Page cache on the active list', { unit: 'By' }),
  container_memory_total_inactive_file_bytes: gauge('Page cache on the inactive list', {
    unit: 'By',
  }),
  container_memory_events_high_total: counter('Times that memory.high was exceeded (cgroup v2)'),
  container_memory_events_max_total: counter('Times that memory.max was hit (cgroup v2)'),
  container_memory_file_dirty_bytes: gauge('Page cache not yet written back (cgroup v2)', {
    unit: 'By',
  }),
  container_memory_file_writeback_bytes: gauge('Page cache being written back (cgroup v2)', {
    unit: 'By',
  }),
  container_memory_pgscan_total: counter('Pages scanned by reclaim (cgroup v2)'),
  container_memory_pgsteal_total: counter('Pages reclaimed (cgroup v2)'),
  container_memory_workingset_refault_file_total: counter(
    'Page cache pages read again after eviction (cgroup v2)',
  ),
  container_memory_workingset_refault_anon_total: counter(
    'Anonymous pages read again after eviction (cgroup v2)',
  ),
});
