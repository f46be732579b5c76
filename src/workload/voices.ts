import type { Runtime, WorkloadKind } from './workload.ts';

/** Groups of metrics that one source speaks for as a whole. */
export type MetricGroup = 'usage' | 'network' | 'disk_io' | 'spec';

/** A receiver type that can speak, or none: the rows are then absent. */
export type Voice = 'cgroup' | 'runsc' | 'cri' | 'kata' | 'libvirt' | 'none';

type Row = Readonly<Record<MetricGroup, Voice>>;

const HOST: Row = { usage: 'cgroup', network: 'none', disk_io: 'cgroup', spec: 'cgroup' };
const NODE: Row = { ...HOST, network: 'cgroup' };

/** Who speaks for a container, by runtime: usage is cpu, memory, pids and processes. */
const CONTAINERS: Readonly<Record<Runtime, Row>> = {
  runc: { usage: 'cgroup', network: 'cgroup', disk_io: 'cgroup', spec: 'cgroup' },
  runsc: { usage: 'runsc', network: 'runsc', disk_io: 'none', spec: 'runsc' },
  kata: { usage: 'cri', network: 'kata', disk_io: 'cri', spec: 'kata' },
  libvirt: { usage: 'libvirt', network: 'libvirt', disk_io: 'libvirt', spec: 'libvirt' },
};

/** The one source of a metric group. Slices, pods and bare cgroups belong to the host cgroup. */
export function voiceOf(kind: WorkloadKind, runtime: Runtime, group: MetricGroup): Voice {
  if (kind === 'container') return CONTAINERS[runtime][group];
  return (kind === 'node' ? NODE : HOST)[group];
}
