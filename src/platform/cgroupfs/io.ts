import { lineEnd } from '../file/bytes.ts';
import { ABSENT, type FileStore } from '../file/file-store.ts';
import { createPairTable } from '../file/key-table.ts';
import { type Absentable, present, scaled } from './value.ts';

/** I/O of a cgroup on one block device since it was made. */
export interface DeviceIo {
  readonly major: number;
  readonly minor: number;
  readonly readBytes: Absentable;
  readonly writeBytes: Absentable;
  readonly reads: Absentable;
  readonly writes: Absentable;
  readonly readsMerged?: Absentable;
  readonly writesMerged?: Absentable;
  readonly readSeconds?: Absentable;
  readonly writeSeconds?: Absentable;
  readonly ioSeconds?: Absentable;
  readonly inProgress?: Absentable;
  /** The iocost controller's time, where it is on. */
  readonly costUsageSeconds?: Absentable;
  readonly costWaitSeconds?: Absentable;
  readonly costIndebtSeconds?: Absentable;
  readonly costIndelaySeconds?: Absentable;
}

/** Reads the I/O files of one cgroup. */
export interface IoReader {
  /** Undefined on v2 where the controller is off for the cgroup. */
  read(): DeviceIo[] | undefined;
  close(): void;
}

const MICROS = 1e6;
/**
 * The device that a line is about. Some kernels put no newline behind a device without figures:
 * the figures are those of the last one (https://github.com/canonical/lxd/issues/10052).
 */
const DEVICE = /^(?:\d+:\d+ )*(?<major>\d{1,10}):(?<minor>\d{1,10}) /;
const MAX_DEVICES = 4096;
const TABLE = createPairTable([
  'rbytes',
  'wbytes',
  'rios',
  'wios',
  'cost.usage',
  'cost.wait',
  'cost.indebt',
  'cost.indelay',
]);
const values = new Float64Array(TABLE.keys.length);

/** cgroup v2: io.stat (kernel Documentation/admin-guide/cgroup-v2.rst); empty before any I/O. */
export function openIoV2(directory: string, files: FileStore): IoReader {
  const file = files.open(`${directory}/io.stat`);
  return { read, close: () => file.close() };

  function read(): DeviceIo[] | undefined {
    const end = file.readWhole();
    if (end === ABSENT) return undefined;
    const bytes = files.buffer;
    const devices: DeviceIo[] = [];
    for (let at = 0; at < end; ) {
      const next = lineEnd(bytes, at, end);
      const device = DEVICE.exec(bytes.toString('latin1', at, Math.min(next, at + MAX_DEVICES)));
      if (device?.groups !== undefined) {
        const { major, minor } = device.groups;
        TABLE.parse(bytes, next, values, at + device[0].length);
        devices.push(deviceOf(Number(major), Number(minor)));
      }
      at = next + 1;
    }
    return devices;
  }
}

function deviceOf(major: number, minor: number): DeviceIo {
  const [readBytes, writeBytes, reads, writes, usage, wait, indebt, indelay] = values;
  return {
    major,
    minor,
    readBytes: present(readBytes),
    writeBytes: present(writeBytes),
    reads: present(reads),
    writes: present(writes),
    costUsageSeconds: scaled(usage, MICROS),
    costWaitSeconds: scaled(wait, MICROS),
    costIndebtSeconds: scaled(indebt, MICROS),
    costIndelaySeconds: scaled(indelay, MICROS),
  };
}
