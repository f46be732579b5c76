import type { NumberPoint } from '../../pdata/point.ts';
import type { Written } from '../../platform/cri/message.ts';
import type {
  NetworkInterfaceUsage,
  NetworkUsage,
  PodSandboxStats,
  ProcessUsage,
} from '../../platform/cri/stats.ts';
import { containerStatsOf, countOf, cpuOf, ioOf, memoryOf, timeOf } from './container-stats.ts';
import type { HostView } from './host-view.ts';
import type { RunningPod } from './inventory.ts';
import type { View } from './view.ts';

/** What a pod uses: its own cgroup as a whole, the network of its sandbox, and its containers. */
export function podStatsOf(pod: RunningPod, host: HostView): Written<typeof PodSandboxStats> {
  const { id, uid, names, labels, whole, sandbox, containers } = pod;
  const metadata = { name: names.pod, uid, namespace: names.namespace };
  return {
    attributes: { id, metadata, labels },
    linux: {
      cpu: whole && cpuOf(whole, host),
      memory: whole && memoryOf(whole, host),
      network: sandbox && networkOf(sandbox, host),
      process: processesOf(pod),
      containers: containers.map((each) => containerStatsOf(each, host)),
      io: whole && ioOf(whole, host),
    },
  };
}

/** Rows of an interface by their names in the CRI. */
const FIELDS = {
  rx_bytes: 'container_network_receive_bytes_total',
  rx_errors: 'container_network_receive_errors_total',
  tx_bytes: 'container_network_transmit_bytes_total',
  tx_errors: 'container_network_transmit_errors_total',
} as const;

/**
 * The default interface is the one with the default route. A sandbox that keeps its routes to itself,
 * as gVisor's does, tells none: then an interface that is the only one is it.
 */
function networkOf(sandbox: View, host: HostView): Written<typeof NetworkUsage> | undefined {
  const interfaces = new Map<string, Written<typeof NetworkInterfaceUsage>>();
  let first: NumberPoint | undefined;
  for (const [field, metric] of Object.entries(FIELDS)) {
    for (const point of sandbox.points(metric)) {
      const name = point.series.labels.interface ?? '';
      interfaces.set(name, { ...interfaces.get(name), name, [field]: countOf(point) });
      first ??= point;
    }
  }
  if (first === undefined) return undefined;
  const routed = host.defaultInterface(sandbox.usage.workload.id);
  const chosen = routed ?? (interfaces.size === 1 ? [...interfaces.keys()][0] : undefined);
  const default_interface = interfaces.get(chosen ?? '');
  return {
    timestamp: timeOf(first),
    default_interface,
    interfaces: [...interfaces.values()].filter((each) => each !== default_interface),
  };
}

/** The sum over all of its containers: where one does not tell, the sum would be too small. */
function processesOf({
  sandbox,
  containers,
}: RunningPod): Written<typeof ProcessUsage> | undefined {
  const views = [
    ...(sandbox === undefined ? [] : [sandbox]),
    ...containers.map(({ view }) => view),
  ];
  const points = views.map((view) => view.point('container_processes'));
  const told = points.filter((point) => point !== undefined);
  if (told.length === 0 || told.length < points.length) return undefined;
  const [oldest] = [...told].sort((a, b) => a.time - b.time);
  return {
    timestamp: oldest && timeOf(oldest),
    process_count: told.reduce((sum, point) => sum + BigInt(Math.round(point.value)), 0n),
  };
}
