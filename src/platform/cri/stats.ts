/**
 * Stats of the CRI (runtime.v1), by the standard's field numbers. Times are ns since the epoch, sizes
 * bytes; a wrapped number that is undefined is not known.
 */
import { ContainerMetadata, PodSandboxMetadata } from './containers.ts';
import {
  double,
  int64,
  labels,
  message,
  nested,
  repeated,
  string,
  uint64,
  wrapped,
} from './message.ts';

const PsiData = message('PsiData', {
  Total: uint64(1),
  Avg10: double(2),
  Avg60: double(3),
  Avg300: double(4),
});

/** Time lost to waiting: `Total` in ns, the averages in percent. */
export const PsiStats = message('PsiStats', {
  Full: nested(1, PsiData),
  Some: nested(2, PsiData),
});

/** CPU: the time used, and the cores in use times 1e9. */
export const CpuUsage = message('CpuUsage', {
  timestamp: int64(1),
  usage_core_nano_seconds: wrapped(2),
  usage_nano_cores: wrapped(3),
  psi: nested(4, PsiStats),
});

/** Memory; `available_bytes` is the limit less the working set. */
export const MemoryUsage = message('MemoryUsage', {
  timestamp: int64(1),
  working_set_bytes: wrapped(2),
  available_bytes: wrapped(3),
  usage_bytes: wrapped(4),
  rss_bytes: wrapped(5),
  page_faults: wrapped(6),
  major_page_faults: wrapped(7),
  psi: nested(8, PsiStats),
});

/** Disk I/O: its pressure alone. */
export const IoUsage = message('IoUsage', { timestamp: int64(1), psi: nested(2, PsiStats) });

/** Swap. */
export const SwapUsage = message('SwapUsage', {
  timestamp: int64(1),
  swap_available_bytes: wrapped(2),
  swap_usage_bytes: wrapped(3),
});

const FilesystemIdentifier = message('FilesystemIdentifier', { mountpoint: string(1) });

/** What a container wrote to its root file system. */
export const FilesystemUsage = message('FilesystemUsage', {
  timestamp: int64(1),
  fs_id: nested(2, FilesystemIdentifier),
  used_bytes: wrapped(3),
  inodes_used: wrapped(4),
});

const ContainerAttributes = message('ContainerAttributes', {
  id: string(1),
  metadata: nested(2, ContainerMetadata),
  labels: labels(3),
  annotations: labels(4),
});

/** What a container uses. */
export const ContainerStats = message('ContainerStats', {
  attributes: nested(1, ContainerAttributes),
  cpu: nested(2, CpuUsage),
  memory: nested(3, MemoryUsage),
  writable_layer: nested(4, FilesystemUsage),
  swap: nested(5, SwapUsage),
  io: nested(6, IoUsage),
});

/** Counters of one network interface. */
export const NetworkInterfaceUsage = message('NetworkInterfaceUsage', {
  name: string(1),
  rx_bytes: wrapped(2),
  rx_errors: wrapped(3),
  tx_bytes: wrapped(4),
  tx_errors: wrapped(5),
});

/** The network of a pod: the interface of the default route, and the others. */
export const NetworkUsage = message('NetworkUsage', {
  timestamp: int64(1),
  default_interface: nested(2, NetworkInterfaceUsage),
  interfaces: repeated(3, NetworkInterfaceUsage),
});

/** Processes of a pod. */
export const ProcessUsage = message('ProcessUsage', {
  timestamp: int64(1),
  process_count: wrapped(2),
});

const PodSandboxAttributes = message('PodSandboxAttributes', {
  id: string(1),
  metadata: nested(2, PodSandboxMetadata),
  labels: labels(3),
  annotations: labels(4),
});

const LinuxPodSandboxStats = message('LinuxPodSandboxStats', {
  cpu: nested(1, CpuUsage),
  memory: nested(2, MemoryUsage),
  network: nested(3, NetworkUsage),
  process: nested(4, ProcessUsage),
  containers: repeated(5, ContainerStats),
  io: nested(6, IoUsage),
});

/** What a pod uses, with its containers. */
export const PodSandboxStats = message('PodSandboxStats', {
  attributes: nested(1, PodSandboxAttributes),
  linux: nested(2, LinuxPodSandboxStats),
});

/** Which containers' stats; every part must fit. */
export const ContainerStatsFilter = message('ContainerStatsFilter', {
  id: string(1),
  pod_sandbox_id: string(2),
  label_selector: labels(3),
});

/** Which pods' stats; every part must fit. */
export const PodSandboxStatsFilter = message('PodSandboxStatsFilter', {
  id: string(1),
  label_selector: labels(2),
});
