import { containerdConfig } from '../support/bundles.ts';
import type { Row } from '../support/observed.ts';
import { type Node, scopeOf } from './node.ts';
import type { Fault } from './spoil.ts';

/** Something that is read, and what comes of it. */
export interface Source {
  readonly name: string;
  readonly receiver: 'cgroup' | 'runsc';
  /** The file below the root. */
  file(node: Node): string;
  /** True for the rows that are gone while the file cannot be used. */
  isOwn(row: Row, node: Node): boolean;
  /** True for rows of this source's whole workload, which may be gone as well. */
  isKin?(row: Row, node: Node): boolean;
  /** Faults of which a line is said; the others are none, or have a row that is absent. */
  readonly said: readonly Fault[];
  /** The agent's own counter that then rises. */
  readonly counter: string;
  /** Faults in which the rows stay, for the file is one of two that tell. */
  readonly kept?: readonly Fault[];
}

const FAILURES = 'sandgauge_source_failures';
const WITHHELD = 'sandgauge_observer_withheld_workloads';
const isBad = ({ labels }: Row, { bad }: Node) => labels.id === scopeOf(bad);
const isBadPod = (row: Row, node: Node) =>
  row.labels.id?.includes(node.bad.podUid.slice(9, 13)) ?? false;
const isBadSandbox = ({ labels }: Row, { badSandbox }: Node) =>
  Object.values(badSandbox.containers).some(({ id }) => labels.name === id);

/** A file of the bad container's cgroup. */
function ofCgroup(name: string, pattern: RegExp, more: Partial<Source> = {}): Source {
  return {
    name: `cgroup: ${name}`,
    receiver: 'cgroup',
    file: ({ bad }) => `sys/fs/cgroup${scopeOf(bad)}/${name}`,
    isOwn: (row, node) => isBad(row, node) && pattern.test(row.metric),
    isKin: isBad,
    ...{ said: ['denied', 'hanging'], counter: FAILURES, ...more },
  };
}

/** A file of /proc. */
function ofProc(name: string, pattern: RegExp, more: Partial<Source> = {}): Source {
  return {
    name: `/proc/${name}`,
    receiver: 'cgroup',
    file: () => `proc/${name}`,
    isOwn: ({ metric, labels }) =>
      pattern.test(metric) && (labels.id === undefined || labels.id === '/'),
    ...{ said: [], counter: FAILURES, ...more },
  };
}

/** A file of the bad container's bundle. */
function ofBundle(name: string, more: Partial<Source>): Source {
  return {
    name: `bundle: ${name}`,
    receiver: 'cgroup',
    file: ({ bad }) => containerdConfig(bad.id).replace('config.json', name),
    isOwn: isBad,
    isKin: isBadPod,
    ...{ said: [], counter: WITHHELD, ...more },
  };
}

/** A file that the bad sandbox' rows need. */
function ofSandbox(name: string, file: Source['file'], more: Partial<Source> = {}): Source {
  return {
    ...{ name: `runsc: ${name}`, receiver: 'runsc', file, isOwn: isBadSandbox },
    ...{ said: [], counter: FAILURES, ...more },
  };
}

const CONFIG_FAULTS: readonly Fault[] = ['denied', 'hanging', 'lying', 'huge'];

/** All of them. Names and identities are decided before a series begins and stay: see `early`. */
export const SOURCES: readonly Source[] = [
  ofCgroup('cpu.stat', /_cpu_(usage|user|system)/),
  ofCgroup('memory.stat', /_memory_(rss|cache)/),
  ofCgroup('memory.current', /_memory_usage_bytes/),
  ofCgroup('cgroup.events', /^container_(?!spec)/),
  ofCgroup('cgroup.procs', /_ulimits_soft/),
  ofCgroup('pids.current', /_threads$/),
  ofCgroup('io.stat', /_fs_reads_total/),
  ofCgroup('cpu.pressure', /_pressure_cpu_waiting/),
  // A limit of 0 is that of the node.
  ofProc('meminfo', /machine_memory_bytes/, { isKin: ({ metric }) => /_spec_memory/.test(metric) }),
  ofProc('vmstat', /container_oom_events_total/),
  ofProc('loadavg', /container_threads$/),
  ofProc('diskstats', /container_fs_/, {
    said: ['denied', 'hanging'],
    // Without names devices are called by their numbers.
    isKin: ({ metric }) => metric.startsWith('container_fs_'),
  }),
  ofProc('1/net/dev', /container_network_/, { said: ['denied', 'hanging'] }),
  ofProc('pressure/cpu', /_pressure_cpu_waiting/, { said: ['denied', 'hanging'] }),
  ofProc('102/limits', /^$/, {
    isOwn: (row, node) => isBad(row, node) && /_ulimits_soft/.test(row.metric),
    said: ['denied', 'hanging'],
  }),
];

/** What is read before the first row: the fault is there when the receiver starts. */
export const EARLY: readonly Source[] = [
  ofBundle('config.json', { said: CONFIG_FAULTS }),
  ofBundle('shim-binary-path', { kept: ['absent', 'denied', 'hanging', 'lying', 'huge'] }),
  ofProc('stat', /machine_cpu_cores/),
  ofProc('102/stat', /^$/, {
    isOwn: (row, node) => isBad(row, node) && /start_time/.test(row.metric),
    kept: ['absent', 'denied', 'hanging', 'lying', 'huge'],
  }),
  ofSandbox('state file', ({ badSandbox: { id } }) => `run/runsc/${id}_sandbox:${id}.state`, {
    isOwn: ({ labels }, { badSandbox: { id } }) => labels.name === id,
    said: CONFIG_FAULTS,
  }),
  ofSandbox('cmdline', ({ badSandbox: { pid } }) => `proc/${pid}/cmdline`),
  ofSandbox('cgroup of its process', ({ badSandbox: { pid } }) => `proc/${pid}/cgroup`, {
    kept: ['absent', 'denied', 'hanging', 'lying', 'huge'],
  }),
  ofSandbox(
    'CPU of its cgroup',
    ({ badSandbox: { pid } }) => `sys/fs/cgroup/sandbox-${pid}/cpu.stat`,
    { kept: ['absent', 'denied', 'hanging', 'lying', 'huge'] },
  ),
];
