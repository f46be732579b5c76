import { CPU } from '../../catalog/cpu.ts';
import { DISK } from '../../catalog/disk.ts';
import { DISK_IO } from '../../catalog/disk-io.ts';
import { LIFETIME } from '../../catalog/lifetime.ts';
import { MEMORY } from '../../catalog/memory.ts';
import type { Metric as CatalogMetric } from '../../catalog/metric.ts';
import { NETWORK } from '../../catalog/network.ts';
import { OOM } from '../../catalog/oom.ts';
import { PRESSURE } from '../../catalog/pressure.ts';
import { PROCESS } from '../../catalog/process.ts';
import { SPEC } from '../../catalog/spec.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import type { NumberPoint } from '../../pdata/point.ts';
import type { Series } from '../../pdata/series.ts';
import type { Written } from '../../platform/cri/message.ts';
import {
  METRIC_COUNTER,
  METRIC_GAUGE,
  type Metric,
  type MetricDescriptor,
  type PodSandboxMetrics,
} from '../../platform/cri/metrics.ts';
import { timeOf } from './container-stats.ts';
import type { RunningPod } from './inventory.ts';
import type { View } from './view.ts';

/** The metrics of pods with the names and labels of the prometheus exporter. */
export interface PodMetrics {
  /** Takes a series' labels into account; keys are only ever added, at the end. */
  learn(series: Series): void;
  descriptors(): Written<typeof MetricDescriptor>[];
  of(pod: RunningPod): Written<typeof PodSandboxMetrics>;
}

const IDENTITY = ['container', 'id', 'image', 'name', 'namespace', 'pod'];
const SETS = [CPU, MEMORY, NETWORK, PROCESS, DISK, DISK_IO, OOM, PRESSURE, SPEC, LIFETIME];

interface Family {
  readonly descriptor: Descriptor;
  readonly keys: string[];
}

/** Starts with the catalog: a kubelet asks for the descriptors once, before there are rows. */
export function createPodMetrics(): PodMetrics {
  const families = new Map<string, Family>();
  for (const metric of SETS.flatMap((set) => Object.values<CatalogMetric>(set))) {
    if (isTold(metric)) {
      families.set(metric.name, { descriptor: metric, keys: [...IDENTITY, ...metric.labels] });
    }
  }
  return { learn, descriptors, of };

  function learn({ descriptor, identity, labels }: Series): void {
    if (!isTold(descriptor)) return;
    const family = families.get(descriptor.name) ?? { descriptor, keys: [...IDENTITY] };
    families.set(descriptor.name, family);
    for (const key of [...Object.keys(identity), ...Object.keys(labels)]) {
      if (!family.keys.includes(key)) family.keys.push(key);
    }
  }

  function descriptors(): Written<typeof MetricDescriptor>[] {
    return [...families.values()].map(({ descriptor, keys }) => ({
      name: descriptor.name,
      help: descriptor.help,
      label_keys: keys,
    }));
  }

  function of({ id, whole, sandbox, containers }: RunningPod): Written<typeof PodSandboxMetrics> {
    return {
      pod_sandbox_id: id,
      metrics: [whole, sandbox].flatMap((view) => (view === undefined ? [] : metricsOf(view))),
      container_metrics: containers.map((each) => ({
        container_id: each.id,
        metrics: metricsOf(each.view),
      })),
    };
  }

  function metricsOf(view: View): Written<typeof Metric>[] {
    return [...view.all()].flatMap((point) => {
      const family = families.get(point.series.descriptor.name);
      return family === undefined ? [] : [metricOf(point, family)];
    });
  }
}

/** Whole numbers are all that the CRI has: seconds of counters are cut, and parts of a core not told. */
function isTold({ type, valueType }: Descriptor): boolean {
  return type === 'sum' || (type === 'gauge' && valueType === 'int');
}

function metricOf(point: NumberPoint, { descriptor, keys }: Family): Written<typeof Metric> {
  const { identity, labels } = point.series;
  return {
    name: descriptor.name,
    timestamp: descriptor.timed ? timeOf(point) : undefined,
    metric_type: descriptor.monotonic ? METRIC_COUNTER : METRIC_GAUGE,
    label_values: keys.map((key) => labels[key] ?? identity[key] ?? ''),
    value: BigInt(Math.floor(point.value)),
  };
}
