import type { DomainStats } from '../../platform/libvirt/domain-stats.ts';
import type { DomainDescription } from '../../platform/libvirt/domain-xml.ts';
import { type Spec, specOf } from '../../workload/spec.ts';

const DEFAULT_PERIOD = 100_000;
const UNKNOWN = {
  periodMicros: undefined,
  quotaMicros: undefined,
  shares: undefined,
  weight: undefined,
  memoryBytes: undefined,
  swapBytes: undefined,
  reservationBytes: undefined,
};

/**
 * The limits of a domain: its virtual CPUs less what `<cputune>` takes away, the memory that the
 * balloon leaves less what `<memtune>` takes away. `version` is the cgroup controllers': libvirt
 * writes shares as a weight on v2, and there cAdvisor has swap without memory.
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
  const kernel = version === 2 ? { ...UNKNOWN, weight: shares } : { ...UNKNOWN, shares };
  const memory = balloon?.currentBytes ?? currentMemoryBytes;
  const { hardLimitBytes, softLimitBytes, swapHardLimitBytes } = memoryTune;
  const hard = version === 2 ? (hardLimitBytes ?? 0) : 0;
  return {
    periodMicros: cores === undefined ? undefined : periodMicros,
    quotaMicros: cores === undefined ? undefined : Math.round(cores * periodMicros),
    shares: specOf({ oci: undefined, kernel, version, hostMemoryBytes: undefined }).shares,
    memoryLimitBytes: memory === undefined ? undefined : Math.min(memory, hardLimitBytes ?? memory),
    swapLimitBytes: unlimitedIsZero(
      swapHardLimitBytes === undefined ? undefined : Math.max(0, swapHardLimitBytes - hard),
    ),
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
