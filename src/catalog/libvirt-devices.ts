import { counter, gauge, metricSet } from './metric.ts';

const SET = 'libvirt_domain';
const BYTES = { unit: 'By' } as const;
const SECONDS = { unit: 's', valueType: 'double' } as const;
const TARGET = { labels: ['target_device'] } as const;
const DEVICE = { labels: ['device'] } as const;

/** A disk, by name; bytes, requests and times read and written have cAdvisor's names on a VM. */
export const LIBVIRT_BLOCK = metricSet(SET, {
  libvirt_domain_block_stats_read_bytes_total: counter('Bytes read', { ...BYTES, ...TARGET }),
  libvirt_domain_block_stats_read_requests_total: counter('Reads completed', TARGET),
  libvirt_domain_block_stats_read_time_seconds_total: counter('Time spent reading', {
    ...SECONDS,
    ...TARGET,
  }),
  libvirt_domain_block_stats_write_bytes_total: counter('Bytes written', { ...BYTES, ...TARGET }),
  libvirt_domain_block_stats_write_requests_total: counter('Writes completed', TARGET),
  libvirt_domain_block_stats_write_time_seconds_total: counter('Time spent writing', {
    ...SECONDS,
    ...TARGET,
  }),
  libvirt_domain_block_stats_flush_requests_total: counter('Flushes completed', TARGET),
  libvirt_domain_block_stats_flush_time_seconds_total: counter('Time spent flushing', {
    ...SECONDS,
    ...TARGET,
  }),
  libvirt_domain_block_stats_allocation: gauge(
    'How far the image has been written to: no use of a file system',
    TARGET,
  ),
  libvirt_domain_block_stats_capacity_bytes: gauge('Size of the disk that the guest sees', {
    ...BYTES,
    ...TARGET,
  }),
  libvirt_domain_block_stats_physicalsize_bytes: gauge('Size of the image on the host', {
    ...BYTES,
    ...TARGET,
  }),
});

/** A network interface as the guest sees it, by name; on a VM these have cAdvisor's names. */
export const LIBVIRT_INTERFACE = metricSet(SET, {
  libvirt_domain_interface_stats_receive_bytes_total: counter('Bytes received', {
    ...BYTES,
    ...TARGET,
  }),
  libvirt_domain_interface_stats_receive_packets_total: counter('Packets received', TARGET),
  libvirt_domain_interface_stats_receive_errors_total: counter('Errors while receiving', TARGET),
  libvirt_domain_interface_stats_receive_drops_total: counter(
    'Received packets that were dropped',
    TARGET,
  ),
  libvirt_domain_interface_stats_transmit_bytes_total: counter('Bytes transmitted', {
    ...BYTES,
    ...TARGET,
  }),
  libvirt_domain_interface_stats_transmit_packets_total: counter('Packets transmitted', TARGET),
  libvirt_domain_interface_stats_transmit_errors_total: counter(
    'Errors while transmitting',
    TARGET,
  ),
  libvirt_domain_interface_stats_transmit_drops_total: counter(
    'Packets dropped while transmitting',
    TARGET,
  ),
});

/** A file system inside a KubeVirt guest, by name; on a VM it has cAdvisor's names. */
export const LIBVIRT_FILESYSTEM = metricSet(SET, {
  libvirt_domain_filesystem_used_bytes: gauge('Bytes used on a file system of the guest', {
    ...BYTES,
    ...DEVICE,
  }),
  libvirt_domain_filesystem_capacity_bytes: gauge(
    'Size of a file system of the guest, without what is kept for root',
    { ...BYTES, ...DEVICE },
  ),
});
