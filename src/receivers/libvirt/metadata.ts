import { CPU } from '../../catalog/cpu.ts';
import { DISK } from '../../catalog/disk.ts';
import { DISK_IO } from '../../catalog/disk-io.ts';
import { LIBVIRT_DOMAIN, LIBVIRT_MEMORY } from '../../catalog/libvirt.ts';
import {
  LIBVIRT_BLOCK,
  LIBVIRT_FILESYSTEM,
  LIBVIRT_INTERFACE,
} from '../../catalog/libvirt-devices.ts';
import { LIFETIME } from '../../catalog/lifetime.ts';
import { MEMORY } from '../../catalog/memory.ts';
import { NETWORK } from '../../catalog/network.ts';
import { SPEC } from '../../catalog/spec.ts';
import type { Metadata } from '../../component/factory.ts';

/** What the libvirt receiver is. */
export const METADATA: Metadata = {
  type: 'libvirt',
  summary: "libvirt's VMs, virtlet's and KubeVirt's too, with what the guests themselves tell",
  stability: 'development',
  series: [
    CPU.container_cpu_usage_seconds_total,
    CPU.container_cpu_user_seconds_total,
    CPU.container_cpu_system_seconds_total,
    MEMORY.container_memory_usage_bytes,
    MEMORY.container_memory_working_set_bytes,
    MEMORY.container_memory_rss,
    MEMORY.container_memory_cache,
    MEMORY.container_memory_failures_total,
    ...Object.values(NETWORK),
    DISK_IO.container_fs_reads_bytes_total,
    DISK_IO.container_fs_reads_total,
    DISK_IO.container_fs_read_seconds_total,
    DISK_IO.container_fs_writes_bytes_total,
    DISK_IO.container_fs_writes_total,
    DISK_IO.container_fs_write_seconds_total,
    DISK.container_fs_usage_bytes,
    DISK.container_fs_limit_bytes,
    ...Object.values(SPEC),
    ...Object.values(LIFETIME),
    ...Object.values(LIBVIRT_DOMAIN),
    ...Object.values(LIBVIRT_MEMORY),
    ...Object.values(LIBVIRT_BLOCK),
    ...Object.values(LIBVIRT_INTERFACE),
    ...Object.values(LIBVIRT_FILESYSTEM),
  ],
};
