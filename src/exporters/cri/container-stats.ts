import type { NumberPoint } from '../../pdata/point.ts';
import type { Written } from '../../platform/cri/message.ts';
import type {
  ContainerStats,
  CpuUsage,
  FilesystemUsage,
  IoUsage,
  MemoryUsage,
  PsiStats,
  SwapUsage,
} from '../../platform/cri/stats.ts';
import type { HostView, Resource } from './host-view.ts';
import type { RunningContainer } from './inventory.ts';
import { nanosOfMillis, nanosOfSeconds } from './nanos.ts';
import { CPU_SECONDS } from './store.ts';
import type { View } from './view.ts';

/** What a container uses: each part with the time of its own rows, absent without any. */
export function containerStatsOf(
  container: RunningContainer,
  host: HostView,
): Written<typeof ContainerStats> {
  const { id, names, labels, rootfs, view } = container;
  return {
    attributes: { id, metadata: { name: names.container || names.name }, labels },
    cpu: cpuOf(view, host),
    memory: memoryOf(view, host),
    writable_layer: writableLayerOf(view, rootfs),
    swap: swapOf(view),
    io: ioOf(view, host),
  };
}

/** A count of a row; undefined without one. */
export function countOf(point: NumberPoint | undefined): bigint | undefined {
  return point === undefined ? undefined : BigInt(Math.round(point.value));
}

/** The time of a row in ns since the epoch. */
export function timeOf(point: NumberPoint): bigint {
  return nanosOfMillis(point.time);
}

/** CPU of a container or pod; the cores come from a row that tells them, else from the counter. */
export function cpuOf(view: View, host: HostView): Written<typeof CpuUsage> | undefined {
  const total = view.point(CPU_SECONDS, { cpu: 'total' }) ?? view.point(CPU_SECONDS);
  const told = view.point('container_cpu_usage_cores');
  const first = total ?? told;
  if (first === undefined) return undefined;
  const cores = told?.value ?? view.usage.cores.value();
  return {
    timestamp: timeOf(first),
    usage_core_nano_seconds: total === undefined ? undefined : nanosOfSeconds(total.value),
    usage_nano_cores: cores === undefined ? undefined : nanosOfSeconds(cores),
    psi: psiOf(view, host, 'cpu'),
  };
}

/** Memory of a container or pod; what is available is told where there is a limit. */
export function memoryOf(view: View, host: HostView): Written<typeof MemoryUsage> | undefined {
  const workingSet = view.point('container_memory_working_set_bytes');
  const usage = view.point('container_memory_usage_bytes');
  const rss = view.point('container_memory_rss');
  const first = workingSet ?? usage ?? rss;
  if (first === undefined) return undefined;
  return {
    timestamp: timeOf(first),
    working_set_bytes: countOf(workingSet),
    available_bytes: availableOf(workingSet, view.point('container_spec_memory_limit_bytes')),
    usage_bytes: countOf(usage),
    rss_bytes: countOf(rss),
    page_faults: countOf(faultsOf(view, 'pgfault')),
    major_page_faults: countOf(faultsOf(view, 'pgmajfault')),
    psi: psiOf(view, host, 'memory'),
  };
}

/** 0 is no limit. What is over its limit for a moment has nothing left, never a wrapped number. */
function availableOf(
  workingSet: NumberPoint | undefined,
  limit: NumberPoint | undefined,
): bigint | undefined {
  if (workingSet === undefined || limit === undefined || limit.value === 0) return undefined;
  return BigInt(Math.max(0, Math.round(limit.value - workingSet.value)));
}

/** All of the container: its own cgroup and those that it may have made in it. */
function faultsOf(view: View, failure_type: string): NumberPoint | undefined {
  const labelled = (scope: string) =>
    view.point('container_memory_failures_total', { failure_type, scope });
  return labelled('hierarchy') ?? labelled('container');
}

function swapOf(view: View): Written<typeof SwapUsage> | undefined {
  const swap = view.point('container_memory_swap');
  if (swap === undefined) return undefined;
  return { timestamp: timeOf(swap), swap_usage_bytes: countOf(swap) };
}

function writableLayerOf(
  view: View,
  rootfs: string | undefined,
): Written<typeof FilesystemUsage> | undefined {
  const [bytes] = view.points('container_fs_usage_bytes');
  const [inodes] = view.points('container_fs_inodes_total');
  const first = bytes ?? inodes;
  if (first === undefined) return undefined;
  return {
    timestamp: timeOf(first),
    fs_id: rootfs === undefined ? undefined : { mountpoint: rootfs },
    used_bytes: countOf(bytes),
    inodes_used: countOf(inodes),
  };
}

/** Disk I/O: the CRI tells its pressure alone. */
export function ioOf(view: View, host: HostView): Written<typeof IoUsage> | undefined {
  const psi = psiOf(view, host, 'io');
  const point = view.point('container_pressure_io_waiting_seconds_total');
  if (psi === undefined || point === undefined) return undefined;
  return { timestamp: timeOf(point), psi };
}

/**
 * Totals come from the rows, averages from the kernel's file. protobuf cannot leave an average out, and
 * a 0 in its place would be false: without the file there is no pressure.
 */
function psiOf(
  view: View,
  host: HostView,
  resource: Resource,
): Written<typeof PsiStats> | undefined {
  const some = view.point(`container_pressure_${resource}_waiting_seconds_total`);
  const full = view.point(`container_pressure_${resource}_stalled_seconds_total`);
  if (some === undefined && full === undefined) return undefined;
  const lines = host.pressure(view.usage.workload.id, resource);
  const psi = { Some: lineOf(some, lines.some), Full: lineOf(full, lines.full) };
  return psi.Some === undefined && psi.Full === undefined ? undefined : psi;
}

function lineOf(
  point: NumberPoint | undefined,
  averages: { avg10: number; avg60: number; avg300: number } | undefined,
) {
  if (point === undefined || averages === undefined) return undefined;
  return {
    Total: nanosOfSeconds(point.value),
    Avg10: averages.avg10,
    Avg60: averages.avg60,
    Avg300: averages.avg300,
  };
}
