import { counter, gauge } from './metric.ts';

/** cAdvisor's `memory` set, by name. Events are counts; everything else is bytes or pages. */
export const MEMORY = {
  container_memory_usage_bytes: gauge(
    'memory',
    'container_memory_usage_bytes',
    'Memory charged to the cgroup, page cache included',
    { unit: 'By' },
  ),
  container_memory_working_set_bytes: gauge(
    'memory',
    'container_memory_working_set_bytes',
    'Memory charged less inactive page cache',
    { unit: 'By' },
  ),
  container_memory_rss: gauge(
    'memory',
    'container_memory_rss',
    'Anonymous memory in bytes, transparent huge pages included',
  ),
  container_memory_cache: gauge('memory', 'container_memory_cache', 'Page cache in bytes'),
  container_memory_mapped_file: gauge(
    'memory',
    'container_memory_mapped_file',
    'Mapped page cache in bytes',
  ),
  container_memory_swap: gauge('memory', 'container_memory_swap', 'Swap used in bytes'),
  container_memory_kernel_usage: gauge(
    'memory',
    'container_memory_kernel_usage',
    'Kernel memory in bytes',
  ),
  container_memory_max_usage_bytes: gauge(
    'memory',
    'container_memory_max_usage_bytes',
    'Highest memory usage seen by the kernel',
    { unit: 'By' },
  ),
  container_memory_failcnt: counter(
    'memory',
    'container_memory_failcnt',
    'Times that the memory limit was hit (cgroup v1)',
  ),
  container_memory_failures_total: counter(
    'memory',
    'container_memory_failures_total',
    'Page faults',
    { labels: ['failure_type', 'scope'] },
  ),
  container_memory_total_active_file_bytes: gauge(
    'memory',
    'container_memory_total_active_file_bytes',
    'Page cache on the active list',
    { unit: 'By' },
  ),
  container_memory_total_inactive_file_bytes: gauge(
    'memory',
    'container_memory_total_inactive_file_bytes',
    'Page cache on the inactive list',
    { unit: 'By' },
  ),
  container_memory_events_high_total: counter(
    'memory',
    'container_memory_events_high_total',
    'Times that memory.high was exceeded (cgroup v2)',
  ),
  container_memory_events_max_total: counter(
    'memory',
    'container_memory_events_max_total',
    'Times that memory.max was hit (cgroup v2)',
  ),
  container_memory_file_dirty_bytes: gauge(
    'memory',
    'container_memory_file_dirty_bytes',
    'Page cache not yet written back (cgroup v2)',
    { unit: 'By' },
  ),
  container_memory_file_writeback_bytes: gauge(
    'memory',
    'container_memory_file_writeback_bytes',
    'Page cache being written back (cgroup v2)',
    { unit: 'By' },
  ),
  container_memory_pgscan_total: counter(
    'memory',
    'container_memory_pgscan_total',
    'Pages scanned by reclaim (cgroup v2)',
  ),
  container_memory_pgsteal_total: counter(
    'memory',
    'container_memory_pgsteal_total',
    'Pages reclaimed (cgroup v2)',
  ),
  container_memory_workingset_refault_file_total: counter(
    'memory',
    'container_memory_workingset_refault_file_total',
    'Page cache pages read again after eviction (cgroup v2)',
  ),
  container_memory_workingset_refault_anon_total: counter(
    'memory',
    'container_memory_workingset_refault_anon_total',
    'Anonymous pages read again after eviction (cgroup v2)',
  ),
} as const;
