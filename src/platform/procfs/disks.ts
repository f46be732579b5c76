import { countOf } from '../file/bytes.ts';
import type { FileStore } from '../file/file-store.ts';
import { readTextOnce } from '../file/text.ts';

/** Counters of one block device since boot. */
export interface DiskStats {
  readonly major: number;
  readonly minor: number;
  /** Kernel name, such as `nvme0n1p2`. */
  readonly name: string;
  readonly isPartition: boolean;
  readonly reads: number;
  readonly readsMerged: number;
  readonly sectorsRead: number;
  readonly readSeconds: number;
  readonly writes: number;
  readonly writesMerged: number;
  readonly sectorsWritten: number;
  readonly writeSeconds: number;
  readonly inProgress: number;
  readonly ioSeconds: number;
  readonly weightedSeconds: number;
}

/** A sector of /proc/diskstats, whatever the device's own is. */
export const SECTOR_BYTES = 512;

const MILLIS = 1000;
const LINE = /^ *(\d+) +(\d+) (\S+)((?: \d+){11,})$/gm;
const PARTITION = /^(?:((?:sd|hd|vd|xvd)[a-z]+)\d+|(.*\d)p\d+)$/;

/** Reads /proc/diskstats (kernel Documentation/admin-guide/iostats.rst); times there are in ms. */
export function readDisks(path: string, files: FileStore): DiskStats[] {
  const lines = [...(readTextOnce(path, files) ?? '').matchAll(LINE)];
  const names = new Set(lines.map((line) => line[3]));
  return lines.map(([, major, minor, name = '', counts = '']) => {
    const column = counts.trim().split(' ').map(countOf);
    const at = (index: number) => column[index] as number;
    const whole = PARTITION.exec(name);
    return {
      major: Number(major),
      minor: Number(minor),
      name,
      isPartition: whole !== null && names.has(whole[1] ?? whole[2]),
      reads: at(0),
      readsMerged: at(1),
      sectorsRead: at(2),
      readSeconds: at(3) / MILLIS,
      writes: at(4),
      writesMerged: at(5),
      sectorsWritten: at(6),
      writeSeconds: at(7) / MILLIS,
      inProgress: at(8),
      ioSeconds: at(9) / MILLIS,
      weightedSeconds: at(10) / MILLIS,
    };
  });
}

/** A mounted block device: the source as mounted, such as `/dev/mapper/vg-root`. */
export interface MountedDevice {
  readonly major: number;
  readonly minor: number;
  readonly source: string;
}

/** The block devices with a file system in the text of /proc/<pid>/mountinfo, each once. */
export function parseMountedDevices(mountinfo: string): MountedDevice[] {
  const found = new Map<string, MountedDevice>();
  for (const [, major, minor, source = ''] of mountinfo.matchAll(
    /^\d+ \d+ (\d+):(\d+) .* - \S+ (\/dev\/\S+) /gm,
  )) {
    found.set(source, { major: Number(major), minor: Number(minor), source });
  }
  return [...found.values()];
}
