import { counter, gauge, metricSet } from './metric.ts';

const DEVICE = { labels: ['device'] } as const;
const SECONDS = { ...DEVICE, unit: 's', valueType: 'double' } as const;

/** cAdvisor's `diskIO` set, by name. */
export const DISK_IO = metricSet('diskIO', {
  container_fs_reads_bytes_total: counter('Bytes read', { ...DEVICE, unit: 'By' }),
  container_fs_reads_total: counter('Reads completed', DEVICE),
  container_fs_writes_bytes_total: counter('Bytes written', { ...DEVICE, unit: 'By' }),
  container_fs_writes_total: counter('Writes completed', DEVICE),
  container_fs_sector_reads_total: counter('Sectors of 512 bytes read (the node only)', DEVICE),
  container_fs_sector_writes_total: counter('Sectors of 512 bytes written (the node only)', DEVICE),
  container_fs_reads_merged_total: counter('Reads merged with others', DEVICE),
  container_fs_writes_merged_total: counter('Writes merged with others', DEVICE),
  container_fs_read_seconds_total: counter('Time spent reading', SECONDS),
  container_fs_write_seconds_total: counter('Time spent writing', SECONDS),
  container_fs_io_current: gauge('I/O operations in progress', DEVICE),
  container_fs_io_time_seconds_total: counter('Time in which I/O was in progress', SECONDS),
  container_fs_io_time_weighted_seconds_total: counter(
    'Time in which I/O was in progress, times the operations in progress (the node only)',
    SECONDS,
  ),
  container_fs_io_cost_usage_seconds_total: counter(
    'Device time used, by the iocost controller (cgroup v2)',
    SECONDS,
  ),
  container_fs_io_cost_wait_seconds_total: counter(
    'Time waited for the iocost controller (cgroup v2)',
    SECONDS,
  ),
  container_fs_io_cost_indebt_seconds_total: counter(
    'Time in debt to the iocost controller (cgroup v2)',
    SECONDS,
  ),
  container_fs_io_cost_indelay_seconds_total: counter(
    'Time delayed by the iocost controller (cgroup v2)',
    SECONDS,
  ),
});
