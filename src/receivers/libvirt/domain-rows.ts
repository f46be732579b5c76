import { LIBVIRT_DOMAIN as DOMAIN, LIBVIRT_MEMORY as MEMORY } from '../../catalog/libvirt.ts';
import {
  LIBVIRT_BLOCK as BLOCK,
  LIBVIRT_FILESYSTEM as FILESYSTEM,
  LIBVIRT_INTERFACE as INTERFACE,
} from '../../catalog/libvirt-devices.ts';
import type { Row } from '../../helper/receiver/row-table.ts';
import type { DomainStats } from '../../platform/libvirt/domain-stats.ts';
import { type Block, type Cpu, type Interface, seconds } from './container-rows.ts';
import type { FilesystemUse } from './filesystems.ts';
import type { Balloon } from './guest-memory.ts';

type Group<K extends keyof DomainStats> = NonNullable<DomainStats[K]>;

/** virDomainState, by number, in libvirt's words. */
const STATES = [
  'no state',
  'the domain is running',
  'the domain is blocked on resource',
  'the domain is paused by user',
  'the domain is being shut down',
  'the domain is shut off',
  'the domain is crashed',
  'the domain is suspended by guest power management',
];

/** The state: one row at a time. */
export const STATE_ROWS: readonly Row<Group<'state'>>[] = STATES.map(
  (state_desc, code): Row<Group<'state'>> => [
    DOMAIN.libvirt_domain_info_state,
    ({ state }) => (state === code ? code : undefined),
    Object.freeze({ state_desc }),
  ],
);

/** What cAdvisor has no name for, of CPU. */
export const HALT_POLL_ROWS: readonly Row<Cpu>[] = [
  [
    DOMAIN.libvirt_domain_cpu_haltpoll_success_seconds_total,
    (s) => seconds(s.haltPollSuccessNanos),
  ],
  [DOMAIN.libvirt_domain_cpu_haltpoll_fail_seconds_total, (s) => seconds(s.haltPollFailNanos)],
];

/** The CPU time, of a domain whose container has rows of its own. */
export const CPU_TIME_ROWS: readonly Row<Cpu>[] = [
  [DOMAIN.libvirt_domain_info_cpu_time_seconds_total, (s) => seconds(s.timeNanos)],
];

/** How many virtual CPUs there are. */
export const VCPU_COUNT_ROWS: readonly Row<Group<'vcpuCount'>>[] = [
  [DOMAIN.libvirt_domain_vcpu_current, (s) => s.current],
  [DOMAIN.libvirt_domain_vcpu_maximum, (s) => s.maximum],
];

/** One virtual CPU. */
export const VCPU_ROWS: readonly Row<DomainStats['vcpus'][number]>[] = [
  [DOMAIN.libvirt_domain_vcpu_state, (s) => s.state],
  [DOMAIN.libvirt_domain_vcpu_time_seconds_total, (s) => seconds(s.timeNanos)],
  [
    DOMAIN.libvirt_domain_vcpu_wait_seconds_total,
    // Of a kernel that does not count it libvirt says 0.
    ({ waitNanos, delayNanos }) => (waitNanos === 0 && delayNanos ? undefined : seconds(waitNanos)),
  ],
  [DOMAIN.libvirt_domain_vcpu_delay_seconds_total, (s) => seconds(s.delayNanos)],
];

/** The last measurement that somebody asked for. */
export const DIRTY_RATE_ROWS: readonly Row<Group<'dirtyRate'>>[] = [
  [
    DOMAIN.libvirt_domain_dirty_rate_bytes_per_second,
    ({ mebibytesPerSecond: rate }) => (rate === undefined ? undefined : rate * 2 ** 20),
  ],
];

/** The balloon, as the host knows it. */
export const BALLOON_ROWS: readonly Row<Balloon>[] = [
  [MEMORY.libvirt_domain_memory_stats_current_balloon_bytes, (s) => s.currentBytes],
  [MEMORY.libvirt_domain_memory_stats_maximum_bytes, (s) => s.maximumBytes],
  [MEMORY.libvirt_domain_memory_stats_rss_bytes, (s) => s.rssBytes],
  [
    MEMORY.libvirt_domain_memory_stats_last_update_timestamp_seconds,
    (s) => s.lastUpdateSeconds || undefined,
  ],
];

/** What the guest told of its memory. */
export const GUEST_MEMORY_ROWS: readonly Row<Balloon>[] = [
  [MEMORY.libvirt_domain_memory_stats_available_bytes, (s) => s.availableBytes],
  [MEMORY.libvirt_domain_memory_stats_unused_bytes, (s) => s.unusedBytes],
  [MEMORY.libvirt_domain_memory_stats_usable_bytes, (s) => s.usableBytes],
  [MEMORY.libvirt_domain_memory_stats_disk_caches_bytes, (s) => s.diskCacheBytes],
];

/** What the guest counts. */
export const GUEST_COUNT_ROWS: readonly Row<Balloon>[] = [
  [MEMORY.libvirt_domain_memory_stats_swap_in_bytes, (s) => s.swapInBytes],
  [MEMORY.libvirt_domain_memory_stats_swap_out_bytes, (s) => s.swapOutBytes],
  [MEMORY.libvirt_domain_memory_stats_major_fault_total, (s) => s.majorFaults],
  [MEMORY.libvirt_domain_memory_stats_minor_fault_total, (s) => s.minorFaults],
  [MEMORY.libvirt_domain_memory_stats_hugetlb_pgalloc_total, (s) => s.hugetlbAllocations],
  [MEMORY.libvirt_domain_memory_stats_hugetlb_pgfail_total, (s) => s.hugetlbFailures],
];

/** What cAdvisor has no name for, of a disk. */
export const BLOCK_DETAIL_ROWS: readonly Row<Block>[] = [
  [BLOCK.libvirt_domain_block_stats_flush_requests_total, (s) => s.flushRequests],
  [BLOCK.libvirt_domain_block_stats_flush_time_seconds_total, (s) => seconds(s.flushNanos)],
  [BLOCK.libvirt_domain_block_stats_allocation, (s) => s.allocationBytes],
  [BLOCK.libvirt_domain_block_stats_capacity_bytes, (s) => s.capacityBytes],
  [BLOCK.libvirt_domain_block_stats_physicalsize_bytes, (s) => s.physicalBytes],
];

/** A disk's input and output, of a domain whose container has rows of its own. */
export const BLOCK_IO_ROWS: readonly Row<Block>[] = [
  [BLOCK.libvirt_domain_block_stats_read_bytes_total, (s) => s.readBytes],
  [BLOCK.libvirt_domain_block_stats_read_requests_total, (s) => s.readRequests],
  [BLOCK.libvirt_domain_block_stats_read_time_seconds_total, (s) => seconds(s.readNanos)],
  [BLOCK.libvirt_domain_block_stats_write_bytes_total, (s) => s.writeBytes],
  [BLOCK.libvirt_domain_block_stats_write_requests_total, (s) => s.writeRequests],
  [BLOCK.libvirt_domain_block_stats_write_time_seconds_total, (s) => seconds(s.writeNanos)],
];

/** An interface, of a domain whose container has rows of its own. */
export const INTERFACE_IO_ROWS: readonly Row<Interface>[] = [
  [INTERFACE.libvirt_domain_interface_stats_receive_bytes_total, (s) => s.receiveBytes],
  [INTERFACE.libvirt_domain_interface_stats_receive_packets_total, (s) => s.receivePackets],
  [INTERFACE.libvirt_domain_interface_stats_receive_errors_total, (s) => s.receiveErrors],
  [INTERFACE.libvirt_domain_interface_stats_receive_drops_total, (s) => s.receiveDrops],
  [INTERFACE.libvirt_domain_interface_stats_transmit_bytes_total, (s) => s.transmitBytes],
  [INTERFACE.libvirt_domain_interface_stats_transmit_packets_total, (s) => s.transmitPackets],
  [INTERFACE.libvirt_domain_interface_stats_transmit_errors_total, (s) => s.transmitErrors],
  [INTERFACE.libvirt_domain_interface_stats_transmit_drops_total, (s) => s.transmitDrops],
];

/** A file system of the guest, of a domain whose container has rows of its own. */
export const GUEST_FILESYSTEM_ROWS: readonly Row<FilesystemUse>[] = [
  [FILESYSTEM.libvirt_domain_filesystem_used_bytes, (s) => s.usedBytes],
  [FILESYSTEM.libvirt_domain_filesystem_capacity_bytes, (s) => s.totalBytes],
];
