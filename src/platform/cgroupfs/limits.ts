import { numbersAcross } from '../file/bytes.ts';
import { ABSENT, type FileStore } from '../file/file-store.ts';
import { type Absentable, closeAll, openIn, readNumber } from './value.ts';

/** What the kernel holds a cgroup to. Infinity is unlimited, undefined not told. */
export interface Limits {
  readonly periodMicros: Absentable;
  readonly quotaMicros: Absentable;
  /** cgroup v1's scale, 2 to 262,144; absent on v2. */
  readonly shares: Absentable;
  /** cgroup v2's scale, 1 to 10,000; absent on v1. */
  readonly weight: Absentable;
  readonly memoryBytes: Absentable;
  /** v1: memory and swap together; v2: swap. */
  readonly swapBytes: Absentable;
  readonly reservationBytes: Absentable;
}

/** Reads the limits of one cgroup. */
export interface LimitsReader {
  read(): Limits;
  close(): void;
}

/** The directories in which a controller's files are; undefined where it is not mounted. */
export interface ControllerDirectories {
  readonly cpu: string | undefined;
  readonly memory: string | undefined;
}

const quotaAndPeriod = new Float64Array(2);

/** cgroup v2 (kernel Documentation/admin-guide/cgroup-v2.rst); runtimes reserve with memory.low. */
export function openLimitsV2(
  { cpu, memory }: ControllerDirectories,
  files: FileStore,
): LimitsReader {
  const max = openIn(cpu, 'cpu.max', files);
  const weight = openIn(cpu, 'cpu.weight', files);
  const limit = openIn(memory, 'memory.max', files);
  const swap = openIn(memory, 'memory.swap.max', files);
  const low = openIn(memory, 'memory.low', files);
  const min = openIn(memory, 'memory.min', files);
  return { read, close: () => closeAll([max, weight, limit, swap, low, min]) };

  function read(): Limits {
    const told = numbersAcross(files.buffer, 0, max?.read() ?? ABSENT, quotaAndPeriod);
    const reserved = readNumber(low, files);
    return {
      quotaMicros: told > 0 ? quotaAndPeriod[0] : undefined,
      periodMicros: told > 1 ? quotaAndPeriod[1] : undefined,
      shares: undefined,
      weight: readNumber(weight, files),
      memoryBytes: readNumber(limit, files),
      swapBytes: readNumber(swap, files),
      reservationBytes: (reserved || readNumber(min, files)) ?? reserved,
    };
  }
}

/** cgroup v1 (kernel Documentation/scheduler/sched-bwc.rst, admin-guide/cgroup-v1/memory.rst). */
export function openLimitsV1(
  { cpu, memory }: ControllerDirectories,
  files: FileStore,
): LimitsReader {
  const period = openIn(cpu, 'cpu.cfs_period_us', files);
  const quota = openIn(cpu, 'cpu.cfs_quota_us', files);
  const shares = openIn(cpu, 'cpu.shares', files);
  const limit = openIn(memory, 'memory.limit_in_bytes', files);
  const swap = openIn(memory, 'memory.memsw.limit_in_bytes', files);
  const soft = openIn(memory, 'memory.soft_limit_in_bytes', files);
  return { read, close: () => closeAll([period, quota, shares, limit, swap, soft]) };

  function read(): Limits {
    const quotaMicros = readNumber(quota, files);
    return {
      periodMicros: readNumber(period, files),
      quotaMicros: quotaMicros === -1 ? Number.POSITIVE_INFINITY : quotaMicros,
      shares: readNumber(shares, files),
      weight: undefined,
      memoryBytes: readNumber(limit, files),
      swapBytes: readNumber(swap, files),
      reservationBytes: readNumber(soft, files),
    };
  }
}
