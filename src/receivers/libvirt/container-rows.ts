import { CPU } from '../../catalog/cpu.ts';
import { DISK } from '../../catalog/disk.ts';
import { DISK_IO } from '../../catalog/disk-io.ts';
import { MEMORY } from '../../catalog/memory.ts';
import { NETWORK } from '../../catalog/network.ts';
import type { Row } from '../../helper/receiver/row-table.ts';
import type { Labels } from '../../pdata/series.ts';
import type { DomainStats } from '../../platform/libvirt/domain-stats.ts';
import type { FilesystemUse } from './filesystems.ts';
import type { Balloon, MemoryUse } from './guest-memory.ts';

/** CPU time of a domain on the host. */
export type Cpu = NonNullable<DomainStats['cpu']>;
/** One disk of a domain. */
export type Block = DomainStats['blocks'][number];
/** One interface of a domain. */
export type Interface = DomainStats['interfaces'][number];

const faults = (failure_type: string, scope: string): Labels =>
  Object.freeze({ failure_type, scope });

/** Seconds of nanoseconds. */
export function seconds(nanos: number | undefined): number | undefined {
  return nanos === undefined ? undefined : nanos / 1e9;
}

/** CPU, of the host. */
export const CPU_ROWS: readonly Row<Cpu>[] = [
  [
    CPU.container_cpu_usage_seconds_total,
    (s) => seconds(s.timeNanos),
    Object.freeze({ cpu: 'total' }),
  ],
  [CPU.container_cpu_user_seconds_total, (s) => seconds(s.userNanos)],
  [CPU.container_cpu_system_seconds_total, (s) => seconds(s.systemNanos)],
];

/** Memory in use. */
export const MEMORY_ROWS: readonly Row<MemoryUse>[] = [
  [MEMORY.container_memory_usage_bytes, (s) => s.usageBytes],
  [MEMORY.container_memory_working_set_bytes, (s) => s.workingSetBytes],
  [MEMORY.container_memory_cache, (s) => s.cacheBytes],
];

/** Memory of QEMU on the host. */
export const RSS_ROWS: readonly Row<Balloon>[] = [[MEMORY.container_memory_rss, (s) => s.rssBytes]];

/** What the guest counts; all of it is one container's own. */
export const FAULT_ROWS: readonly Row<Balloon>[] = ['container', 'hierarchy'].flatMap(
  (scope): Row<Balloon>[] => [
    // Linux's driver tells its pgfault as the minor ones, which holds the major ones too.
    [MEMORY.container_memory_failures_total, (s) => s.minorFaults, faults('pgfault', scope)],
    [MEMORY.container_memory_failures_total, (s) => s.majorFaults, faults('pgmajfault', scope)],
  ],
);

/** An interface; libvirt tells the guest's side, and what the guest received was received. */
export const INTERFACE_ROWS: readonly Row<Interface>[] = [
  [NETWORK.container_network_receive_bytes_total, (s) => s.receiveBytes],
  [NETWORK.container_network_receive_packets_total, (s) => s.receivePackets],
  [NETWORK.container_network_receive_errors_total, (s) => s.receiveErrors],
  [NETWORK.container_network_receive_packets_dropped_total, (s) => s.receiveDrops],
  [NETWORK.container_network_transmit_bytes_total, (s) => s.transmitBytes],
  [NETWORK.container_network_transmit_packets_total, (s) => s.transmitPackets],
  [NETWORK.container_network_transmit_errors_total, (s) => s.transmitErrors],
  [NETWORK.container_network_transmit_packets_dropped_total, (s) => s.transmitDrops],
];

/** A disk's input and output. */
export const BLOCK_ROWS: readonly Row<Block>[] = [
  [DISK_IO.container_fs_reads_bytes_total, (s) => s.readBytes],
  [DISK_IO.container_fs_reads_total, (s) => s.readRequests],
  [DISK_IO.container_fs_read_seconds_total, (s) => seconds(s.readNanos)],
  [DISK_IO.container_fs_writes_bytes_total, (s) => s.writeBytes],
  [DISK_IO.container_fs_writes_total, (s) => s.writeRequests],
  [DISK_IO.container_fs_write_seconds_total, (s) => seconds(s.writeNanos)],
];

/** A file system of the guest, or of a disk whose file systems nobody tells: its size alone. */
export const FILESYSTEM_ROWS: readonly Row<FilesystemUse>[] = [
  [DISK.container_fs_usage_bytes, (s) => s.usedBytes],
  [DISK.container_fs_limit_bytes, (s) => s.totalBytes],
];
