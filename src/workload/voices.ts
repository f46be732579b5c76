import type { Runtime, WorkloadKind } from './workload.ts';

/** Groups of metrics that one source speaks for as a whole. */
export type MetricGroup = 'usage' | 'network' | 'disk_io' | 'disk' | 'spec';

/** A receiver type that can speak. */
export type Voice = 'cgroup' | 'runsc' | 'cri' | 'kata' | 'libvirt';

type Row = Readonly<Record<MetricGroup, readonly Voice[]>>;

const NODE = by('cgroup');
/** Slices, pods and bare cgroups. */
const CGROUPS: Row = { ...NODE, usage: ['cgroup', 'cri'], network: [], disk: [] };

/**
 * Who speaks for a container, by runtime: usage is cpu, memory, pids and processes. Limits are the same
 * wherever they are read; Kata's guest is its container, where it has just one; the engine reads the
 * same cgroups.
 */
const CONTAINERS: Readonly<Record<Runtime, Row>> = {
  runc: by('cgroup', 'cri'),
  runsc: { ...by('runsc'), disk_io: [], spec: ['runsc', 'cgroup'] },
  kata: {
    usage: ['cri', 'kata'],
    network: ['kata', 'cri'],
    disk_io: ['cri'],
    disk: ['cri'],
    spec: ['kata', 'cri', 'cgroup'],
  },
  libvirt: by('libvirt'),
};

/** Who may speak for a metric group, the best first: the first that is configured speaks alone. */
export function voicesFor(
  kind: WorkloadKind,
  runtime: Runtime,
  group: MetricGroup,
): readonly Voice[] {
  if (kind === 'container') return CONTAINERS[runtime][group];
  return (kind === 'node' ? NODE : CGROUPS)[group];
}

/** The same for everything. */
function by(...voices: readonly Voice[]): Row {
  return { usage: voices, network: voices, disk_io: voices, disk: voices, spec: voices };
}
