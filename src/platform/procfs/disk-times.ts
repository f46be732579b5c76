import type { DiskStats } from './disks.ts';

/** Makes times that never go back of those of /proc/diskstats. */
export interface DiskTimes {
  /** Takes all devices of one reading. */
  unwrap(disks: readonly DiskStats[]): DiskStats[];
}

type TimeKey = 'readSeconds' | 'writeSeconds' | 'ioSeconds' | 'weightedSeconds';

const TIMES: readonly TimeKey[] = ['readSeconds', 'writeSeconds', 'ioSeconds', 'weightedSeconds'];
/** The kernel prints them as 32 bits of milliseconds (block/genhd.c): 49.7 days. */
const WRAP_SECONDS = 2 ** 32 / 1000;

interface Known {
  readonly told: DiskStats;
  readonly wraps: Readonly<Record<TimeKey, number>>;
}

const NO_WRAPS = { readSeconds: 0, writeSeconds: 0, ioSeconds: 0, weightedSeconds: 0 };

/**
 * Remembers the last reading of each device; one whose requests went back is another device. Only a
 * time that fell by more than half of all has wrapped; what fell by less is left to the counter guard.
 */
export function createDiskTimes(): DiskTimes {
  let known = new Map<string, Known>();
  return {
    unwrap(disks) {
      const next = new Map(disks.map((disk) => [disk.name, wrapped(disk)]));
      known = next;
      return disks.map((disk) => unwrapped(disk, next.get(disk.name)?.wraps ?? NO_WRAPS));
    },
  };

  function wrapped(told: DiskStats): Known {
    const before = known.get(told.name);
    const isSame =
      before !== undefined && told.reads >= before.told.reads && told.writes >= before.told.writes;
    if (!isSame) return { told, wraps: NO_WRAPS };
    const count = (key: TimeKey) =>
      before.wraps[key] + (before.told[key] - told[key] > WRAP_SECONDS / 2 ? 1 : 0);
    return { told, wraps: Object.fromEntries(TIMES.map((key) => [key, count(key)])) as never };
  }
}

function unwrapped(disk: DiskStats, wraps: Known['wraps']): DiskStats {
  const times = TIMES.map((key) => [key, disk[key] + wraps[key] * WRAP_SECONDS]);
  return { ...disk, ...Object.fromEntries(times) };
}
