import type { Runtime, WorkloadKind } from './workload.ts';

/** Groups of metrics that one source speaks for as a whole. */
export type MetricGroup = 'usage' | 'network' | 'disk_io' | 'disk' | 'spec';

/** A receiver type that can speak, or none: the rows are then absent. */
export type Voice = 'cgroup' | 'runsc' | 'cri' | 'kata' | 'libvirt' | 'none';

type Row = Readonly<Record<MetricGroup, Voice>>;

const NODE = by('cgroup');
const HOST: Row = { ...NODE, network: 'none', disk: 'none' };

/** Who speaks for a container, by runtime: usage is cpu, memory, pids and processes. */
const CONTAINERS: Readonly<Record<Runtime, Row>> = {
  runc: by('cgroup'),
  runsc: { ...by('runsc'), disk_io: 'none' },
  kata: { usage: 'cri', network: 'kata', disk_io: 'cri', disk: 'cri', spec: 'kata' },
  libvirt: by('libvirt'),
};

/** The one source of a metric group. Slices, pods and bare cgroups belong to the host cgroup. */
export function voiceOf(kind: WorkloadKind, runtime: Runtime, group: MetricGroup): Voice {
  if (kind === 'container') return CONTAINERS[runtime][group];
  return (kind === 'node' ? NODE : HOST)[group];
}

/**
 * Who speaks where the receiver that should is not configured, the best first. Limits are the same
 * wherever they are read; Kata's guest is its container, where it has just one; the engine reads the
 * same cgroups.
 */
export function standInsFor(
  kind: WorkloadKind,
  runtime: Runtime,
  group: MetricGroup,
): readonly Voice[] {
  if (kind === 'pod') return group === 'usage' ? ['cri'] : [];
  if (runtime === 'runc') return ['cri'];
  const ofLimits: readonly Voice[] = group === 'spec' ? ['cgroup'] : [];
  if (runtime === 'kata') return [group === 'usage' ? 'kata' : 'cri', ...ofLimits];
  return ofLimits;
}

/** One source for everything. */
function by(voice: Voice): Row {
  return { usage: voice, network: voice, disk_io: voice, disk: voice, spec: voice };
}
