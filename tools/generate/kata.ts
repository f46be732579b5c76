import type { Metric } from '../../src/catalog/metric.ts';
import { KATA_SERIES } from '../../src/receivers/kata/series.ts';
import { markdownTable } from './markdown.ts';
import { metricTable } from './metric-table.ts';

const HEAD = `# Kata's own metrics

What the [kata receiver](../src/receivers/kata/README.md) tells of each sandbox under the names of Kata's
two tables (\`docs/design/data/metrics.yaml\` and \`docs/design/kata-metrics-in-runtime-rs.md\` of Kata
4.1.0). Every row bears \`sandbox_id\`, \`cri_uid\`, \`cri_name\` and \`cri_namespace\` before its own
labels, as through kata-monitor; those of kata-monitor itself bear none.

- **Types.** What counts up is a counter, where Kata says gauge. A family of which only some items count
  up stays a gauge, since one name has one type: \`kata_guest_vm_stat\`, \`kata_guest_diskstat\` and the
  context switches of \`*_proc_status\`. Firecracker tells what it did since its last report: gauges.
- **Units.** Bytes and seconds whoever wrote the row, unless its name says otherwise.
- **Zeros that stand for "not there"** are left out: \`high_*\`, \`low_*\`, \`mmap_copy\` and \`quicklists\` of
  meminfo, which no 64-bit kernel has, and \`vmpmd\`. So are differences that wrapped, and "no limit".
- **Overhead** that is computed is the host's cgroups of the sandbox less all that the guest's kernel
  counts but for the agent. What the guest's kernel takes for itself is so on the side of the containers,
  which no figure of a sandbox tells apart: it is the least that the overhead can be.
- **The pod's \`container_*\` row** is its slice on the host and, with \`sandbox_cgroup_only = false\`,
  \`/kata_overhead/<id>\` too: see the [cgroup receiver](../src/receivers/cgroup/README.md).
`;

const CHECKLIST = `## Checklist of runtime-rs

Each row of runtime-rs' own table; the marks are those of Kata's document.
`;

/** The page of Kata's metrics. */
export function kataPage(): string {
  const sets = [...Map.groupBy(KATA_SERIES, ({ set }) => set)];
  const parts = sets.map(
    ([set, members]) => `## ${set}\n\n${metricTable(members, sourceOf, unitOf)}\n`,
  );
  return [HEAD, ...parts, `${CHECKLIST}\n${checklist()}\n`].join('\n');
}

/** In words where the unit is not in the name, or differs by item. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/_io_stat$/, 'bytes; calls of syscr, syscw'],
  [/_proc_stat$/, 'seconds (Kata: ticks of 10 ms)'],
  [/^kata_agent_proc_status$/, 'bytes (Kata: KiB); switches'],
  [/^kata_shim_proc_status$/, 'bytes (runtime-rs: KiB); switches'],
  [/_proc_status$/, 'bytes; switches'],
  [/_netdev(_stat)?$/, 'bytes, packets'],
  [/^kata_guest_cpu_time$/, 'seconds (Kata: ms)'],
  [/^kata_guest_diskstat$/, 'requests, sectors of 512 bytes, seconds (Kata: ms)'],
  [/^kata_guest_vm_stat$/, 'pages, counts'],
  [/^kata_guest_meminfo$|_total_(vm|rss)$/, 'bytes'],
  [/_total_time$/, 'seconds'],
  [/overhead_cpu$/, 'percent of one core'],
  [/fraction$/, 'ratio'],
];
const NAMES: Readonly<Record<string, string>> = { By: 'bytes', s: 'seconds', ms: 'ms', us: 'us' };

function unitOf({ name, unit }: Metric): string {
  return UNITS.find(([pattern]) => pattern.test(name))?.[1] ?? NAMES[unit] ?? 'count';
}

/** The first that fits. */
const SOURCES: readonly (readonly [RegExp, string])[] = [
  [/^kata_ctl_monitor_process_resident/, 'monitor of kata-ctl, which tells pages'],
  [/^kata_ctl_monitor_/, 'monitor of kata-ctl'],
  [/^kata_monitor_/, 'kata-monitor'],
  [/^kata_agent_process_/, 'agent of Kata 1.x only'],
  [/^kata_(agent|guest)_/, 'agent, under both runtimes'],
  [/^kata_firecracker_/, 'Go shim with Firecracker'],
  [/^kata_hypervisor_(scrape|vcpu|seccomp|signals)/, 'runtime-rs with Dragonball'],
  [/^kata_(hypervisor|virtiofsd)_/, 'Go shim; /proc for a sandbox that is not read'],
  [/^kata_shim_netdev$/, '/proc; no runtime writes it today'],
  [/^kata_shim_pod_overhead_cpu$/, 'Go shim on cgroup v1; else computed'],
  [/^kata_shim_pod_overhead_memory/, 'Go shim; computed where it does not tell or wrapped'],
  [/^kata_shim_(rpc|agent_rpc)/, 'Go shim'],
  [/^kata_shim_go_/, 'Go shim (there without kata_shim_)'],
  [/^kata_shim_process_/, 'Go shim (there without kata_shim_); else /proc'],
  [/^kata_shim_/, 'shim of both runtimes; else /proc'],
];

function sourceOf({ name }: Metric): string {
  const found = SOURCES.find(([pattern]) => pattern.test(name));
  if (found === undefined) throw new Error(`${name} has no source`);
  return found[1];
}

type Line = readonly [name: string, mark: 'done' | 'todo' | '', here: string];
const DONE = 'done';
const RPC = 'absent upstream: runtime-rs does not time its calls, and nobody else sees them';
const PROCESS = "computed from /proc of the shim's process";
const OVERHEAD = 'computed from the cgroups of the host and the figures of the guest';
const LINES: readonly Line[] = [
  ['kata_shim_agent_rpc_durations_histogram_milliseconds', 'todo', RPC],
  ['kata_shim_fds', 'done', DONE],
  ['kata_shim_io_stat', 'done', DONE],
  [
    'kata_shim_netdev',
    'done',
    'computed from /proc, where the shim is not in the network namespace of the host; runtime-rs took it out',
  ],
  ['kata_shim_pod_overhead_cpu', 'todo', OVERHEAD],
  ['kata_shim_pod_overhead_memory_in_bytes', 'todo', OVERHEAD],
  ['kata_shim_proc_stat', 'done', DONE],
  ['kata_shim_proc_status', 'done', DONE],
  ['kata_shim_process_cpu_seconds_total', 'todo', PROCESS],
  ['kata_shim_process_max_fds', 'todo', PROCESS],
  ['kata_shim_process_open_fds', 'todo', PROCESS],
  ['kata_shim_process_resident_memory_bytes', 'todo', PROCESS],
  ['kata_shim_process_start_time_seconds', 'todo', PROCESS],
  ['kata_shim_process_virtual_memory_bytes', 'todo', PROCESS],
  [
    'kata_shim_process_virtual_memory_max_bytes',
    'todo',
    `${PROCESS}; absent while there is no limit`,
  ],
  ['kata_shim_rpc_durations_histogram_milliseconds', 'todo', RPC],
  ['kata_shim_threads', 'done', DONE],
  ['kata_hypervisor_scrape_count', '', DONE],
  ['kata_hypervisor_vcpu', '', 'done; also with the label `cpu_id`, which the table lacks'],
  ['kata_hypervisor_seccomp', '', DONE],
  [
    'kata_hypervisor_signals',
    '',
    'done; the table calls it `kata_hypervisor_seccomp` a second time',
  ],
];

function checklist(): string {
  const known = new Set(KATA_SERIES.map(({ name }) => name));
  const unknown = LINES.find(([name]) => !known.has(name));
  if (unknown !== undefined) throw new Error(`${unknown[0]} is not in the catalog`);
  const rows = LINES.map(([name, mark, here]) => [`\`${name}\``, mark, here]);
  return markdownTable(['name', "Kata's mark", 'here'], rows);
}
