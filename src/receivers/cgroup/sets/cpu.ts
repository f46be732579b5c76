import { CPU } from '../../../catalog/cpu.ts';
import type { Row } from '../../../helper/receiver/row-table.ts';
import {
  type CpuReader,
  type CpuStats,
  openCpuV1,
  openCpuV2,
} from '../../../platform/cgroupfs/cpu.ts';
import type { Member } from '../member.ts';
import { type FiguresReader, openFigures, sumOf } from '../pod-sum.ts';
import { type MetricSet, recordFigures, type SetContext, type SetReader } from './set.ts';

const ROWS: readonly Row<CpuStats>[] = [
  [CPU.container_cpu_usage_seconds_total, (s) => s.usageSeconds, Object.freeze({ cpu: 'total' })],
  [CPU.container_cpu_user_seconds_total, (s) => s.userSeconds],
  [CPU.container_cpu_system_seconds_total, (s) => s.systemSeconds],
  [CPU.container_cpu_cfs_periods_total, (s) => s.periods],
  [CPU.container_cpu_cfs_throttled_periods_total, (s) => s.throttledPeriods],
  [CPU.container_cpu_cfs_throttled_seconds_total, (s) => s.throttledSeconds],
  [CPU.container_cpu_cfs_burst_periods_total, (s) => s.burstPeriods],
  [CPU.container_cpu_cfs_burst_seconds_total, (s) => s.burstSeconds],
];

/** An overhead is not held to the pod's quota, whose figures stay those of the slice. */
const SUM = sumOf<keyof CpuStats, CpuStats>({
  counters: ['usageSeconds', 'userSeconds', 'systemSeconds'],
  gauges: [],
});

/** CPU time; on v1 the two hierarchies that tell it are judged apart. */
export function createCpuSet({ layout, files, table }: SetContext): MetricSet | undefined {
  const rows = table.add(ROWS);
  return rows.isEmpty ? undefined : { group: 'usage', open };

  function open(member: Member): SetReader {
    return recordFigures(rows, openFigures(member, SUM, openCgroup));
  }

  function openCgroup(member: Member): FiguresReader<CpuStats> {
    let reader: CpuReader | undefined;
    let opened: (string | undefined)[] = [];
    return { read, close: () => reader?.close() };

    function read(pass: number): CpuStats | undefined {
      const directories = [layout.cpu, layout.cpuacct].map((mount) =>
        member.hasProcesses(mount, pass) ? member.directory(mount) : undefined,
      );
      if (directories.some((directory, i) => directory !== opened[i])) {
        reader?.close();
        reader = openReader(directories);
        opened = directories;
      }
      return reader?.read();
    }
  }

  function openReader([cpu, cpuacct]: (string | undefined)[]): CpuReader | undefined {
    if (layout.mounts[layout.cpu]?.version === 2) {
      return cpu === undefined ? undefined : openCpuV2(cpu, files);
    }
    return (cpu ?? cpuacct) ? openCpuV1(cpu, cpuacct, files) : undefined;
  }
}
