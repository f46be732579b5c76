import type { DomainStats } from '../../platform/libvirt/domain-stats.ts';
import type { DomainDescription } from '../../platform/libvirt/domain-xml.ts';
import { type Spec, sharesOfWeight } from '../../workload/spec.ts';

const DEFAULT_PERIOD = 100_000;

/**
 * The limits of a domain: its virtual CPUs less what `<cputune>` takes away, the memory that the
 * balloon leaves less what `<memtune>` takes away. `version` is the cgroup controllers': on v2 libvirt
 * writes shares as a weight, but `swap_hard_limit` as it is: to memory.memsw.limit_in_bytes on v1, to
 * memory.swap.max on v2 (vircgroupv2.c), which are the files of cAdvisor's row.
 */
export function specOfDomain(
  { vcpus, cpuTune, memoryTune, currentMemoryBytes }: DomainDescription,
  { vcpuCount, balloon }: Pick<DomainStats, 'vcpuCount' | 'balloon'>,
  version: 1 | 2,
): Spec {
  const count = vcpuCount?.current ?? vcpus.current;
  const periodMicros = cpuTune.periodMicros || DEFAULT_PERIOD;
  const cores = count === undefined ? undefined : coresOf(count, periodMicros, cpuTune);
  const shares = cpuTune.shares || undefined;
  const memory = balloon?.currentBytes ?? currentMemoryBytes;
  const { hardLimitBytes, softLimitBytes, swapHardLimitBytes } = memoryTune;
  return {
    periodMicros: cores === undefined ? undefined : periodMicros,
    quotaMicros: cores === undefined ? undefined : Math.round(cores * periodMicros),
    shares: shares !== undefined && version === 2 ? sharesOfWeight(shares) : shares,
    memoryLimitBytes: memory === undefined ? undefined : Math.min(memory, hardLimitBytes ?? memory),
    swapLimitBytes: unlimitedIsZero(swapHardLimitBytes),
    reservationBytes: unlimitedIsZero(softLimitBytes),
  };
}

/** `quota` holds each virtual CPU, `global_quota` the domain with its emulator. */
function coresOf(count: number, period: number, tune: DomainDescription['cpuTune']): number {
  const { quotaMicros = Infinity, globalQuotaMicros = Infinity } = tune;
  const globalPeriod = tune.globalPeriodMicros || DEFAULT_PERIOD;
  return Math.min(count, count * (quotaMicros / period), globalQuotaMicros / globalPeriod);
}

function unlimitedIsZero(bytes: number | undefined): number {
  return bytes === undefined || bytes === Number.POSITIVE_INFINITY ? 0 : bytes;
}
