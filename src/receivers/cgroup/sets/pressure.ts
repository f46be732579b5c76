import type { Metric } from '../../../catalog/metric.ts';
import { PRESSURE } from '../../../catalog/pressure.ts';
import type { Row } from '../../../helper/receiver/row-table.ts';
import {
  openPressure,
  type Pressure,
  type PressureReader,
} from '../../../platform/cgroupfs/pressure.ts';
import type { Member } from '../member.ts';
import type { MetricSet, SetContext, SetReader } from './set.ts';

const rowsOf = (waiting: Metric, stalled: Metric): readonly Row<Pressure>[] => [
  [waiting, (s) => s.waitingSeconds],
  [stalled, (s) => s.stalledSeconds],
];

/** Time lost to lack of CPU, memory and I/O: cgroup v2, and the node where the kernel keeps it. */
export function createPressureSet({
  layout,
  files,
  paths,
  table,
}: SetContext): MetricSet | undefined {
  const resources = [
    {
      name: 'cpu',
      mount: layout.cpu,
      rows: table.add(
        rowsOf(
          PRESSURE.container_pressure_cpu_waiting_seconds_total,
          PRESSURE.container_pressure_cpu_stalled_seconds_total,
        ),
      ),
    },
    {
      name: 'memory',
      mount: layout.memory,
      rows: table.add(
        rowsOf(
          PRESSURE.container_pressure_memory_waiting_seconds_total,
          PRESSURE.container_pressure_memory_stalled_seconds_total,
        ),
      ),
    },
    {
      name: 'io',
      mount: layout.io,
      rows: table.add(
        rowsOf(
          PRESSURE.container_pressure_io_waiting_seconds_total,
          PRESSURE.container_pressure_io_stalled_seconds_total,
        ),
      ),
    },
  ].filter(({ rows }) => !rows.isEmpty);
  return resources.length === 0 ? undefined : { group: 'usage', open };

  function open(member: Member): SetReader {
    const isNode = member.workload.kind === 'node';
    const readers: (PressureReader | undefined)[] = [];
    return {
      record,
      close() {
        for (const reader of readers) reader?.close();
      },
    };

    function record(recorder: Parameters<SetReader['record']>[0], pass: number): boolean {
      let isAny = false;
      for (const [i, { name, mount, rows }] of resources.entries()) {
        if (!isNode && !isReadable(mount, pass)) continue;
        readers[i] ??= openPressure(pathOf(name, mount), files);
        const pressure = readers[i].read();
        if (pressure.waitingSeconds === undefined) continue;
        rows.record(recorder(), name === 'cpu' && isNode ? withoutStall(pressure) : pressure);
        isAny = true;
      }
      return isAny;
    }

    function isReadable(mount: number, pass: number): boolean {
      return layout.mounts[mount]?.version === 2 && member.hasProcesses(mount, pass);
    }

    function pathOf(name: string, mount: number): string {
      return isNode
        ? paths.resolve(`/proc/pressure/${name}`)
        : `${member.directory(mount)}/${name}.pressure`;
    }
  }
}

/** For the host as a whole the kernel prints a 0 that it documents as undefined. */
function withoutStall(pressure: Pressure): Pressure {
  return { ...pressure, stalledSeconds: undefined };
}
