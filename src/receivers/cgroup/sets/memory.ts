import { MEMORY } from '../../../catalog/memory.ts';
import { OOM } from '../../../catalog/oom.ts';
import type { Row } from '../../../helper/receiver/row-table.ts';
import type { Labels } from '../../../pdata/series.ts';
import {
  type MemoryReader,
  type MemoryStats,
  openMemoryV1,
  openMemoryV2,
} from '../../../platform/cgroupfs/memory.ts';
import { readOomKills, readSwapUsed } from '../../../platform/procfs/host.ts';
import type { Member } from '../member.ts';
import { type FiguresReader, openFigures, sumOf } from '../pod-sum.ts';
import { type MetricSet, recordFigures, type SetContext, type SetReader } from './set.ts';

const faults = (failure_type: string, scope: string): Labels =>
  Object.freeze({ failure_type, scope });

const ROWS: readonly Row<MemoryStats>[] = [
  [MEMORY.container_memory_usage_bytes, (s) => s.usage],
  [MEMORY.container_memory_working_set_bytes, (s) => s.workingSet],
  [MEMORY.container_memory_rss, (s) => s.rss],
  [MEMORY.container_memory_cache, (s) => s.cache],
  [MEMORY.container_memory_mapped_file, (s) => s.mappedFile],
  [MEMORY.container_memory_swap, (s) => s.swap],
  [MEMORY.container_memory_kernel_usage, (s) => s.kernel],
  [MEMORY.container_memory_max_usage_bytes, (s) => s.peak],
  [MEMORY.container_memory_failcnt, (s) => s.failures],
  [MEMORY.container_memory_failures_total, (s) => s.ownFaults, faults('pgfault', 'container')],
  [MEMORY.container_memory_failures_total, (s) => s.faults, faults('pgfault', 'hierarchy')],
  [
    MEMORY.container_memory_failures_total,
    (s) => s.ownMajorFaults,
    faults('pgmajfault', 'container'),
  ],
  [MEMORY.container_memory_failures_total, (s) => s.majorFaults, faults('pgmajfault', 'hierarchy')],
  [MEMORY.container_memory_total_active_file_bytes, (s) => s.activeFile],
  [MEMORY.container_memory_total_inactive_file_bytes, (s) => s.inactiveFile],
  [MEMORY.container_memory_events_high_total, (s) => s.highEvents],
  [MEMORY.container_memory_events_max_total, (s) => s.maxEvents],
  [MEMORY.container_memory_file_dirty_bytes, (s) => s.fileDirty],
  [MEMORY.container_memory_file_writeback_bytes, (s) => s.fileWriteback],
  [MEMORY.container_memory_pgscan_total, (s) => s.scannedPages],
  [MEMORY.container_memory_pgsteal_total, (s) => s.stolenPages],
  [MEMORY.container_memory_workingset_refault_file_total, (s) => s.refaultedFilePages],
  [MEMORY.container_memory_workingset_refault_anon_total, (s) => s.refaultedAnonPages],
  [OOM.container_oom_events_total, (s) => s.oomKills],
];

/**
 * A peak of the slice can be less than what both use now. Failures and events are of the slice's limits,
 * which an overhead is not held to; own faults those of the slice's own processes.
 */
const SUM = sumOf<keyof MemoryStats, MemoryStats>({
  counters: [
    'faults',
    'majorFaults',
    'scannedPages',
    'stolenPages',
    'refaultedFilePages',
    'refaultedAnonPages',
    'oomKills',
  ],
  gauges: [
    'usage',
    'workingSet',
    'rss',
    'cache',
    'mappedFile',
    'swap',
    'kernel',
    'activeFile',
    'inactiveFile',
    'fileDirty',
    'fileWriteback',
  ],
  untold: ['peak'],
});

/** Memory, and the kills for lack of it, which stand in the same files. */
export function createMemorySet({
  layout,
  files,
  paths,
  table,
}: SetContext): MetricSet | undefined {
  const rows = table.add(ROWS);
  const isV2 = layout.mounts[layout.memory]?.version === 2;
  return rows.isEmpty ? undefined : { group: 'usage', open };

  function open(member: Member): SetReader {
    return recordFigures(rows, openFigures(member, SUM, openCgroup));
  }

  function openCgroup(member: Member): FiguresReader<MemoryStats> {
    const isNode = member.workload.kind === 'node';
    let reader: MemoryReader | undefined;
    let wasParent = workloadIsParent(member);
    return { read, close: () => reader?.close() };

    function read(pass: number): MemoryStats | undefined {
      const directory = member.directory(layout.memory);
      if (directory === undefined || !member.hasProcesses(layout.memory, pass)) return undefined;
      reader ??= openReader(directory);
      return completed(reader.read());
    }

    function openReader(directory: string): MemoryReader {
      return isV2
        ? openMemoryV2(directory, files, isNode ? () => readSwapUsed(paths) : undefined)
        : openMemoryV1(directory, files);
    }

    /**
     * A cgroup without children has no faults but its own. The node's kills are in /proc/vmstat; on
     * v1 a cgroup's count leaves out those of its children, also once they are gone.
     */
    function completed(stats: MemoryStats): MemoryStats {
      if (isNode) return { ...stats, oomKills: readOomKills(paths) };
      if (stats.ownFaults === undefined && member.node.children.size === 0) {
        return { ...stats, ownFaults: stats.faults, ownMajorFaults: stats.majorFaults };
      }
      wasParent ||= member.node.children.size > 0;
      return isV2 || !wasParent ? stats : { ...stats, oomKills: undefined };
    }
  }
}

/** Pods and slices have had children even where none is left. */
function workloadIsParent({ workload }: Member): boolean {
  return workload.kind === 'pod' || workload.kind === 'slice';
}
