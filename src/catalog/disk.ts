import { gauge, metricSet } from './metric.ts';

const DEVICE = { labels: ['device'] } as const;
const BYTES = { ...DEVICE, unit: 'By' } as const;

/** cAdvisor's `disk` set, by name. */
export const DISK = metricSet('disk', {
  container_fs_usage_bytes: gauge(
    'Bytes used: by the writable layer of a container, of a file system of the node',
    BYTES,
  ),
  container_fs_limit_bytes: gauge(
    'Size of the file system; for a container, of the one that holds its writable layer',
    BYTES,
  ),
  container_fs_inodes_total: gauge(
    'Inodes of a file system of the node; for a container those that its writable layer uses',
    DEVICE,
  ),
  container_fs_inodes_free: gauge('Free inodes of a file system (the node only)', DEVICE),
});
