import type { OciResources } from '../../platform/oci/spec.ts';
import { linearWeight, quadraticWeight } from '../../workload/spec.ts';
import type { Config } from './config.ts';

/** What one file of a cgroup is to hold. */
export interface Limit {
  readonly controller: 'cpu' | 'memory' | 'pids';
  readonly file: string;
  readonly value: string;
  /** What it holds where nothing is limited. */
  readonly lifted: string;
}

/** How limits are written. */
export type LimitOptions = Pick<Config, 'cpu_weight' | 'memory_min'>;

const DEFAULT_PERIOD = 100_000;
const MAX_WEIGHT = 10_000;
/** The kernel keeps memory in pages, of at most this size. */
const PAGE_BYTES = 65_536;
/** As cAdvisor has it: v1's unlimited is a number. */
const UNLIMITED = 2 ** 62;

/**
 * The files of cgroup v2, in the order in which they are written. What the spec does not set has none.
 * `fault` is called where the spec contradicts itself, as runc would refuse it; that file has none.
 */
export function limitsV2(
  resources: OciResources,
  options: LimitOptions,
  fault: (error: Error) => void,
): Limit[] {
  const { cpuShares, cpuQuotaMicros, cpuPeriodMicros } = resources;
  const reserved = amount(resources.memoryReservationBytes);
  const weight = cpuShares === undefined ? undefined : weightOf(cpuShares, options.cpu_weight);
  const hasCpuMax = cpuQuotaMicros !== undefined || cpuPeriodMicros !== undefined;
  const cpuMax = `${amount(cpuQuotaMicros) ?? 'max'} ${cpuPeriodMicros ?? DEFAULT_PERIOD}`;
  return [
    ...limit('memory', 'memory.max', amount(resources.memoryLimitBytes), 'max'),
    ...limit('memory', 'memory.swap.max', amount(trySwap(resources, fault)), 'max'),
    ...limit('memory', 'memory.low', reserved, '0'),
    ...limit('memory', 'memory.min', options.memory_min ? reserved : undefined, '0'),
    ...limit('cpu', 'cpu.max', hasCpuMax ? cpuMax : undefined, `max ${DEFAULT_PERIOD}`),
    ...limit('cpu', 'cpu.weight', amount(weight), '100'),
    ...limit('pids', 'pids.max', amount(resources.pidsLimit), 'max'),
  ];
}

/** The files of cgroup v1: a limit of memory before that of memory and swap, a period before its quota. */
export function limitsV1(resources: OciResources): Limit[] {
  const { memoryLimitBytes, memorySwapBytes, memoryReservationBytes } = resources;
  const { cpuShares, cpuPeriodMicros, cpuQuotaMicros } = resources;
  const old = (value: number | undefined) => (value === Number.POSITIVE_INFINITY ? -1 : value);
  return [
    ...limit('memory', 'memory.limit_in_bytes', amount(old(memoryLimitBytes)), '-1'),
    ...limit('memory', 'memory.memsw.limit_in_bytes', amount(old(memorySwapBytes)), '-1'),
    ...limit('memory', 'memory.soft_limit_in_bytes', amount(old(memoryReservationBytes)), '-1'),
    ...limit('cpu', 'cpu.shares', amount(cpuShares), '1024'),
    ...limit('cpu', 'cpu.cfs_period_us', amount(cpuPeriodMicros), String(DEFAULT_PERIOD)),
    ...limit('cpu', 'cpu.cfs_quota_us', amount(old(cpuQuotaMicros)), '-1'),
    ...limit('pids', 'pids.max', amount(resources.pidsLimit), 'max'),
  ];
}

/** Whether what a file holds is the limit, as the kernel rounds it: memory to whole pages. */
export function isHeld(current: string, { controller, value }: Limit): boolean {
  if (current === value) return true;
  const [is, wanted] = [numberOf(current), numberOf(value)];
  if (controller !== 'memory' || is === undefined || wanted === undefined) return false;
  if (wanted >= UNLIMITED) return is >= UNLIMITED;
  return wanted >= is && wanted - is < PAGE_BYTES;
}

/** Of memory in bytes: cgroup v2 limits swap alone, where OCI tells it together with memory. */
export function swapOf({ memoryLimitBytes, memorySwapBytes }: OciResources): number | undefined {
  const isUnlimited = memoryLimitBytes === Number.POSITIVE_INFINITY;
  if (memorySwapBytes === undefined) return isUnlimited ? memoryLimitBytes : undefined;
  if (memorySwapBytes === Number.POSITIVE_INFINITY) return memorySwapBytes;
  if (memoryLimitBytes === undefined || isUnlimited) {
    throw new Error('the spec limits swap and not memory');
  }
  if (memorySwapBytes < memoryLimitBytes) {
    throw new Error('the spec limits memory and swap together to less than memory');
  }
  return memorySwapBytes - memoryLimitBytes;
}

function trySwap(resources: OciResources, fault: (error: Error) => void): number | undefined {
  try {
    return swapOf(resources);
  } catch (error) {
    fault(error as Error);
    return undefined;
  }
}

function weightOf(shares: number, conversion: LimitOptions['cpu_weight']): number {
  const weight = conversion === 'linear' ? linearWeight(shares) : quadraticWeight(shares);
  return Math.min(Math.max(1, weight), MAX_WEIGHT);
}

function limit(
  controller: Limit['controller'],
  file: string,
  value: string | undefined,
  lifted: string,
): Limit[] {
  return value === undefined ? [] : [{ controller, file, value, lifted }];
}

function amount(value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  return value === Number.POSITIVE_INFINITY ? 'max' : String(Math.trunc(value));
}

function numberOf(text: string): number | undefined {
  if (text === 'max' || text === '-1') return Number.POSITIVE_INFINITY;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
