import { DISK_IO } from '../../../catalog/disk-io.ts';
import { createLabelledRecorders } from '../../../helper/receiver/labelled-recorders.ts';
import { createRowTable, type Row } from '../../../helper/receiver/row-table.ts';
import { openIoV1 } from '../../../platform/cgroupfs/blkio.ts';
import { type DeviceIo, type IoReader, openIoV2 } from '../../../platform/cgroupfs/io.ts';
import { createDiskTimes } from '../../../platform/procfs/disk-times.ts';
import {
  type DiskStats,
  parseMountedDevices,
  readDisks,
  SECTOR_BYTES,
} from '../../../platform/procfs/disks.ts';
import { readMountinfo } from '../../../platform/procfs/host.ts';
import type { Member } from '../member.ts';
import { type FiguresReader, openFigures, type Sum, sumOf } from '../pod-sum.ts';
import type { MetricSet, SetContext, SetReader } from './set.ts';

const CGROUP_ROWS: readonly Row<DeviceIo>[] = [
  [DISK_IO.container_fs_reads_bytes_total, (s) => s.readBytes],
  [DISK_IO.container_fs_reads_total, (s) => s.reads],
  [DISK_IO.container_fs_writes_bytes_total, (s) => s.writeBytes],
  [DISK_IO.container_fs_writes_total, (s) => s.writes],
  [DISK_IO.container_fs_reads_merged_total, (s) => s.readsMerged],
  [DISK_IO.container_fs_writes_merged_total, (s) => s.writesMerged],
  [DISK_IO.container_fs_read_seconds_total, (s) => s.readSeconds],
  [DISK_IO.container_fs_write_seconds_total, (s) => s.writeSeconds],
  [DISK_IO.container_fs_io_current, (s) => s.inProgress],
  [DISK_IO.container_fs_io_time_seconds_total, (s) => s.ioSeconds],
  [DISK_IO.container_fs_io_cost_usage_seconds_total, (s) => s.costUsageSeconds],
  [DISK_IO.container_fs_io_cost_wait_seconds_total, (s) => s.costWaitSeconds],
  [DISK_IO.container_fs_io_cost_indebt_seconds_total, (s) => s.costIndebtSeconds],
  [DISK_IO.container_fs_io_cost_indelay_seconds_total, (s) => s.costIndelaySeconds],
];

const DEVICE_SUM = sumOf<Exclude<keyof DeviceIo, 'major' | 'minor'>, DeviceIo>({
  counters: [
    'readBytes',
    'writeBytes',
    'reads',
    'writes',
    'readsMerged',
    'writesMerged',
    'readSeconds',
    'writeSeconds',
    'ioSeconds',
    'costUsageSeconds',
    'costWaitSeconds',
    'costIndebtSeconds',
    'costIndelaySeconds',
  ],
  gauges: [],
  untold: ['inProgress'],
});

/**
 * Device by device. A cgroup of v2 lists each device that it used; on v1 a device may be left out that
 * was used, and is then left out of the sum.
 */
function deviceSum(version: 1 | 2): Sum<readonly DeviceIo[]> {
  const of = (devices: readonly DeviceIo[], { major, minor }: DeviceIo) =>
    devices.find((each) => each.major === major && each.minor === minor);
  return {
    add(whole, part) {
      const both = whole.flatMap((each) => {
        const other = of(part, each);
        if (other !== undefined) return [DEVICE_SUM.add(each, other)];
        return version === 2 ? [each] : [];
      });
      return version === 1 ? both : [...both, ...part.filter((each) => !of(whole, each))];
    },
    left(stats, before = []) {
      const still = stats.map((each) => DEVICE_SUM.left(each, of(before, each)));
      return [...still, ...before.filter((each) => !of(stats, each))];
    },
  };
}

/** Bytes stand for whole disks only, as in cAdvisor: a sum over devices counts them once. */
const NODE_BYTES: readonly Row<DiskStats>[] = [
  [DISK_IO.container_fs_reads_bytes_total, (s) => s.sectorsRead * SECTOR_BYTES],
  [DISK_IO.container_fs_writes_bytes_total, (s) => s.sectorsWritten * SECTOR_BYTES],
];
const NODE_ROWS: readonly Row<DiskStats>[] = [
  [DISK_IO.container_fs_reads_total, (s) => s.reads],
  [DISK_IO.container_fs_reads_merged_total, (s) => s.readsMerged],
  [DISK_IO.container_fs_sector_reads_total, (s) => s.sectorsRead],
  [DISK_IO.container_fs_read_seconds_total, (s) => s.readSeconds],
  [DISK_IO.container_fs_writes_total, (s) => s.writes],
  [DISK_IO.container_fs_writes_merged_total, (s) => s.writesMerged],
  [DISK_IO.container_fs_sector_writes_total, (s) => s.sectorsWritten],
  [DISK_IO.container_fs_write_seconds_total, (s) => s.writeSeconds],
  [DISK_IO.container_fs_io_current, (s) => s.inProgress],
  [DISK_IO.container_fs_io_time_seconds_total, (s) => s.ioSeconds],
  [DISK_IO.container_fs_io_time_weighted_seconds_total, (s) => s.weightedSeconds],
];

/** Memory and loop devices: what is read of them is read of a disk too, or of none. */
const NO_DISK = /^(?:ram|loop|zram)\d/;

/** I/O by block device: of cgroups by their files, of the node by /proc/diskstats. */
export function createDiskIoSet(context: SetContext): MetricSet | undefined {
  const { layout, files, paths, builder, isEnabled } = context;
  const cgroupTable = createRowTable(isEnabled);
  const cgroupRows = cgroupTable.add(CGROUP_ROWS);
  const nodeTable = createRowTable(isEnabled);
  const byteRows = nodeTable.add(NODE_BYTES);
  const nodeRows = nodeTable.add(NODE_ROWS);
  const times = createDiskTimes();
  const sum = deviceSum(layout.mounts[layout.io]?.version ?? 2);
  let disks: DiskStats[] = [];
  let names = new Map<string, string>();
  let readIn = 0;
  const isEmpty = cgroupRows.isEmpty && nodeRows.isEmpty && byteRows.isEmpty;
  return isEmpty ? undefined : { group: 'disk_io', open };

  function open(member: Member): SetReader {
    return member.workload.kind === 'node' ? openNode(member) : openCgroup(member);
  }

  function look(pass: number): void {
    if (readIn === pass) return;
    readIn = pass;
    disks = times.unwrap(readDisks(paths.resolve('/proc/diskstats'), files));
    names = new Map(disks.map(({ major, minor, name }) => [`${major}:${minor}`, `/dev/${name}`]));
  }

  function openCgroup(member: Member): SetReader {
    const devices = createLabelledRecorders(builder, cgroupTable, member, 'device');
    const figures = openFigures(member, sum, openDevices);
    return { record, close };

    function record(_recorder: unknown, pass: number): boolean {
      const found = figures.read(pass) ?? [];
      if (found.length > 0) look(pass);
      for (const stats of found) {
        const device = `${stats.major}:${stats.minor}`;
        // The kernel knows a device that has no name here by its number only.
        const recorder = devices.of(names.get(device) ?? device, 0);
        if (recorder !== undefined) cgroupRows.record(recorder, stats);
      }
      devices.sweep();
      return found.length > 0;
    }

    function close(): void {
      figures.close();
      devices.close();
    }
  }

  function openDevices(member: Member): FiguresReader<readonly DeviceIo[]> {
    let reader: IoReader | undefined;
    return {
      read(pass) {
        const directory = member.directory(layout.io);
        if (directory === undefined || !member.hasProcesses(layout.io, pass)) return undefined;
        reader ??= openReader(directory);
        return reader.read();
      },
      close: () => reader?.close(),
    };
  }

  function openReader(directory: string): IoReader {
    return layout.mounts[layout.io]?.version === 2
      ? openIoV2(directory, files)
      : openIoV1(directory, files);
  }

  function openNode(member: Member): SetReader {
    const devices = createLabelledRecorders(builder, nodeTable, member, 'device');
    return { record, close: devices.close };

    function record(_recorder: unknown, pass: number): boolean {
      look(pass);
      const used = disks.filter((disk) => !NO_DISK.test(disk.name) && disk.reads + disk.writes > 0);
      const whole = used.filter((disk) => !disk.isPartition);
      for (const disk of whole) {
        const recorder = devices.of(`/dev/${disk.name}`, disk.reads + disk.writes);
        if (recorder === undefined) continue;
        byteRows.record(recorder, disk);
        nodeRows.record(recorder, disk);
      }
      const wholeNames = new Set(whole.map(({ name }) => `/dev/${name}`));
      for (const { major, minor, source } of parseMountedDevices(readMountinfo(paths) ?? '')) {
        const disk = used.find((each) => each.major === major && each.minor === minor);
        if (disk === undefined || wholeNames.has(source)) continue;
        const recorder = devices.of(source, disk.reads + disk.writes);
        if (recorder !== undefined) nodeRows.record(recorder, disk);
      }
      devices.sweep();
      return used.length > 0;
    }
  }
}
