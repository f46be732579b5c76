import { PROCESS } from '../../../catalog/process.ts';
import type { Row } from '../../../helper/receiver/row-table.ts';
import { readNumber } from '../../../platform/cgroupfs/value.ts';
import type { StoredFile } from '../../../platform/file/file-store.ts';
import { readThreads } from '../../../platform/procfs/host.ts';
import { countOpenFiles, type OpenFiles } from '../../../platform/procfs/open-files.ts';
import { openOwnFiles } from '../../../platform/procfs/own-files.ts';
import { readMaxOpenFiles } from '../../../platform/procfs/process.ts';
import type { Member } from '../member.ts';
import { type FiguresReader, openFigures, sumOf } from '../pod-sum.ts';
import type { MetricSet, SetContext, SetReader } from './set.ts';

interface TaskStats {
  readonly threads: number | undefined;
  readonly threadsMax: number | undefined;
}

interface ProcessStats extends TaskStats {
  readonly processes: number;
  readonly open: OpenFiles | undefined;
  readonly maxOpenFiles: number | undefined;
}

const COUNTS: readonly Row<ProcessStats>[] = [
  [PROCESS.container_processes, (s) => s.processes],
  [PROCESS.container_threads, (s) => s.threads],
  [PROCESS.container_threads_max, (s) => unlimitedIsZero(s.threadsMax)],
];
const OPEN_FILES: readonly Row<ProcessStats>[] = [
  [PROCESS.container_file_descriptors, (s) => s.open?.descriptors],
  [PROCESS.container_sockets, (s) => s.open?.sockets],
];
const ULIMITS: readonly Row<ProcessStats>[] = [
  [
    PROCESS.container_ulimits_soft,
    (s) => s.maxOpenFiles,
    Object.freeze({ ulimit: 'max_open_files' }),
  ],
];

/** The limit is the slice's alone; processes and what they hold open are told of a cgroup's own. */
const SUM = sumOf<keyof TaskStats, TaskStats>({ counters: [], gauges: ['threads'] });

/** Processes, threads and what they hold open. */
export function createProcessSet(context: SetContext): MetricSet | undefined {
  const { layout, files, paths, said, table } = context;
  const counts = table.add(COUNTS);
  const openFiles = table.add(OPEN_FILES);
  const ulimits = table.add(ULIMITS);
  const proc = paths.resolve('/proc');
  const own = openOwnFiles(proc, files);
  const isEmpty = counts.isEmpty && openFiles.isEmpty && ulimits.isEmpty;
  return isEmpty ? undefined : { group: 'usage', open };

  function open(member: Member): SetReader {
    const isNode = member.workload.kind === 'node';
    const tasks = openFigures(member, SUM, openTasks);
    return { record, close: tasks.close };

    function* record(
      recorder: Parameters<SetReader['record']>[0],
      pass: number,
    ): Generator<void, boolean> {
      if (!member.isPopulated(pass)) return false;
      const pids = member.pids(pass);
      const { threads, threadsMax } = tasks.read(pass) ?? {};
      const stats: ProcessStats = {
        processes: pids.length,
        threads: isNode ? readThreads(paths) : threads,
        threadsMax,
        maxOpenFiles: ulimits.isEmpty ? undefined : maxOpenFiles(pids),
        open: openFiles.isEmpty ? undefined : yield* countOpenFiles(proc, pids, denied, own),
      };
      counts.record(recorder(), stats);
      openFiles.record(recorder(), stats);
      ulimits.record(recorder(), stats);
      return true;
    }

    /** Of a container's first process; of pid 1 for the node. */
    function maxOpenFiles(pids: readonly number[]): number | undefined {
      const first = isNode ? 1 : member.workload.kind === 'container' ? pids[0] : undefined;
      return first === undefined ? undefined : readMaxOpenFiles(proc, first, files);
    }
  }

  function openTasks(member: Member): FiguresReader<TaskStats> {
    let current: StoredFile | undefined;
    let max: StoredFile | undefined;
    return { read, close };

    function read(pass: number): TaskStats | undefined {
      const directory = member.directory(layout.pids);
      if (directory === undefined || !member.hasProcesses(layout.pids, pass)) {
        close();
        return undefined;
      }
      current ??= files.open(`${directory}/pids.current`);
      max ??= files.open(`${directory}/pids.max`);
      return { threads: readNumber(current, files), threadsMax: readNumber(max, files) };
    }

    function close(): void {
      current?.close();
      max?.close();
      current = undefined;
      max = undefined;
    }
  }

  function denied(path: string, error: Error): void {
    said.trouble('fd', 'Open files may not be looked at; rows of them are absent', {
      path,
      error: error.message,
      hint: 'needs CAP_SYS_PTRACE and the rights of the process itself',
    });
  }
}

function unlimitedIsZero(value: number | undefined): number | undefined {
  return value === Number.POSITIVE_INFINITY ? 0 : value;
}
