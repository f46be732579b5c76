import { CPU } from '../../catalog/cpu.ts';
import { DISK_IO } from '../../catalog/disk-io.ts';
import { MEMORY } from '../../catalog/memory.ts';
import type { Metric } from '../../catalog/metric.ts';
import { NETWORK } from '../../catalog/network.ts';
import { OOM } from '../../catalog/oom.ts';
import { PROCESS } from '../../catalog/process.ts';
import { millisOf, positiveOf } from '../../helper/cri/figures.ts';
import type { Read } from '../../platform/cri/message.ts';
import type {
  MetricDescriptor,
  PodSandboxMetrics,
  Metric as Told,
} from '../../platform/cri/metrics.ts';
import { isOfPod } from './interfaces.ts';
import type { Value } from './values.ts';

/**
 * Counts and bytes that the stats do not tell. Seconds are not among them: the CRI cuts them to whole
 * ones, and Kata's Go shim swaps those of user and system.
 */
export const PLAIN: readonly Metric[] = [
  CPU.container_cpu_cfs_periods_total,
  CPU.container_cpu_cfs_throttled_periods_total,
  MEMORY.container_memory_cache,
  MEMORY.container_memory_failcnt,
  MEMORY.container_memory_kernel_usage,
  MEMORY.container_memory_mapped_file,
  MEMORY.container_memory_max_usage_bytes,
  MEMORY.container_memory_total_active_file_bytes,
  MEMORY.container_memory_total_inactive_file_bytes,
  OOM.container_oom_events_total,
  PROCESS.container_threads,
];

/** By device. */
export const BY_DEVICE: readonly Metric[] = [
  DISK_IO.container_fs_reads_bytes_total,
  DISK_IO.container_fs_reads_total,
  DISK_IO.container_fs_writes_bytes_total,
  DISK_IO.container_fs_writes_total,
];

/** By interface, of pods. */
export const BY_INTERFACE: readonly Metric[] = Object.values(NETWORK);

/** The values of containers and sandboxes by their id. */
export type Values = ReadonlyMap<string, readonly Value[]>;

const ACCEPTED = new Map(
  [...PLAIN, ...BY_DEVICE, ...BY_INTERFACE].map((metric) => [metric.name, metric]),
);
const MAX_DEVICE = 256;

/**
 * Takes what is wanted out of ListPodSandboxMetrics. A 0 is not known: runtimes print it for what their
 * sources do not tell. `keysOf` gives the label keys of a metric, as its descriptor has them.
 */
export function valuesOf(
  pods: readonly Read<typeof PodSandboxMetrics>[],
  descriptors: readonly Read<typeof MetricDescriptor>[],
  now: number,
): Values {
  const keys = new Map(descriptors.map(({ name, label_keys }) => [name, label_keys]));
  const values = new Map<string, readonly Value[]>();
  for (const { pod_sandbox_id, metrics, container_metrics } of pods) {
    values.set(pod_sandbox_id, read(metrics));
    for (const each of container_metrics) values.set(each.container_id, read(each.metrics));
  }
  return values;

  function read(told: readonly Read<typeof Told>[]): readonly Value[] {
    const found = told.flatMap((each) => readValue(each, keys.get(each.name), now) ?? []);
    return [...new Map(found.map((each) => [`${each.metric.name} ${each.of}`, each])).values()];
  }
}

function readValue(
  told: Read<typeof Told>,
  keys: readonly string[] | undefined,
  now: number,
): Value | undefined {
  const metric = ACCEPTED.get(told.name);
  const value = positiveOf(told.value);
  const time = millisOf(told.timestamp, now);
  if (metric === undefined || value === undefined || time === undefined) return undefined;
  const [label] = metric.labels;
  if (label === undefined) return { metric, of: '', time, value };
  const of = told.label_values[keys?.indexOf(label) ?? -1] ?? '';
  const isName = label === 'interface' ? isOfPod(of) : of !== '' && of.length <= MAX_DEVICE;
  return isName && keys?.length === told.label_values.length
    ? { metric, of, time, value }
    : undefined;
}
