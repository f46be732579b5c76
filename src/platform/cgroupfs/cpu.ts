import { ABSENT, type FileStore } from '../file/file-store.ts';
import { createKeyTable } from '../file/key-table.ts';
import { type Absentable, closeAll, openIn, present, readNumber, scaled } from './value.ts';

/** CPU time of a cgroup and its descendants since it was made. */
export interface CpuStats {
  readonly usageSeconds: Absentable;
  readonly userSeconds: Absentable;
  readonly systemSeconds: Absentable;
  /** Bandwidth control; all absent when the cgroup has no quota. */
  readonly periods: Absentable;
  readonly throttledPeriods: Absentable;
  readonly throttledSeconds: Absentable;
  readonly burstPeriods: Absentable;
  readonly burstSeconds: Absentable;
}

/** Reads the CPU files of one cgroup. */
export interface CpuReader {
  read(): CpuStats;
  close(): void;
}

const NANOS = 1e9;
const MICROS = 1e6;
/** USER_HZ, fixed at 100 by the kernel's ABI on every architecture that Node runs on. */
const TICKS = 100;

const V2 = createKeyTable([
  'usage_usec',
  'user_usec',
  'system_usec',
  'nr_periods',
  'nr_throttled',
  'throttled_usec',
  'nr_bursts',
  'burst_usec',
]);
const v2 = new Float64Array(V2.keys.length);

/** cgroup v2: cpu.stat and cpu.max (kernel Documentation/admin-guide/cgroup-v2.rst). */
export function openCpuV2(directory: string, files: FileStore): CpuReader {
  const stat = files.open(`${directory}/cpu.stat`);
  const max = files.open(`${directory}/cpu.max`);
  return { read, close: () => closeAll([stat, max]) };

  function read(): CpuStats {
    V2.parse(files.buffer, stat.read(), v2);
    const [usage, user, system, periods, throttled, throttledTime, bursts, burstTime] = v2;
    const quota = readNumber(max, files);
    const limited = quota !== undefined && quota > 0 && quota < Number.POSITIVE_INFINITY;
    return {
      usageSeconds: scaled(usage, MICROS),
      userSeconds: scaled(user, MICROS),
      systemSeconds: scaled(system, MICROS),
      periods: limited ? present(periods) : undefined,
      throttledPeriods: limited ? present(throttled) : undefined,
      throttledSeconds: limited ? scaled(throttledTime, MICROS) : undefined,
      burstPeriods: limited ? present(bursts) : undefined,
      burstSeconds: limited ? scaled(burstTime, MICROS) : undefined,
    };
  }
}

const CPUACCT = createKeyTable(['user', 'system']);
const CFS = createKeyTable([
  'nr_periods',
  'nr_throttled',
  'throttled_time',
  'nr_bursts',
  'burst_time',
]);
const cpuacct = new Float64Array(CPUACCT.keys.length);
const cfs = new Float64Array(CFS.keys.length);

/** cgroup v1: cpuacct.{usage,stat} and cpu.{stat,cfs_quota_us}; either directory may be missing. */
export function openCpuV1(
  cpuDirectory: string | undefined,
  cpuacctDirectory: string | undefined,
  files: FileStore,
): CpuReader {
  const usage = openIn(cpuacctDirectory, 'cpuacct.usage', files);
  const split = openIn(cpuacctDirectory, 'cpuacct.stat', files);
  const stat = openIn(cpuDirectory, 'cpu.stat', files);
  const quota = openIn(cpuDirectory, 'cpu.cfs_quota_us', files);
  return { read, close: () => closeAll([usage, split, stat, quota]) };

  function read(): CpuStats {
    const nanos = readNumber(usage, files);
    CPUACCT.parse(files.buffer, split?.read() ?? ABSENT, cpuacct);
    const limited = (readNumber(quota, files) ?? -1) > 0;
    CFS.parse(files.buffer, limited && stat ? stat.read() : ABSENT, cfs);
    return {
      usageSeconds: nanos === undefined ? undefined : nanos / NANOS,
      userSeconds: scaled(cpuacct[0], TICKS),
      systemSeconds: scaled(cpuacct[1], TICKS),
      periods: present(cfs[0]),
      throttledPeriods: present(cfs[1]),
      throttledSeconds: scaled(cfs[2], NANOS),
      burstPeriods: present(cfs[3]),
      burstSeconds: scaled(cfs[4], NANOS),
    };
  }
}
