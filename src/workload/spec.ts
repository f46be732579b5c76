import type { Metric } from '../catalog/metric.ts';
import { SPEC } from '../catalog/spec.ts';
import type { Limits } from '../platform/cgroupfs/limits.ts';
import type { OciResources } from '../platform/oci/spec.ts';

/** The limits of a workload as cAdvisor prints them: 0 is unlimited, undefined gives no row. */
export interface Spec {
  readonly periodMicros: number | undefined;
  readonly quotaMicros: number | undefined;
  readonly shares: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  readonly swapLimitBytes: number | undefined;
  readonly reservationBytes: number | undefined;
}

/** Where each container_spec_* row comes from. */
export const SPEC_ROWS: readonly (readonly [Metric, (spec: Spec) => number | undefined])[] = [
  [SPEC.container_spec_cpu_period, (s) => s.periodMicros],
  [SPEC.container_spec_cpu_quota, (s) => s.quotaMicros],
  [SPEC.container_spec_cpu_shares, (s) => s.shares],
  [SPEC.container_spec_memory_limit_bytes, (s) => s.memoryLimitBytes],
  [SPEC.container_spec_memory_swap_limit_bytes, (s) => s.swapLimitBytes],
  [SPEC.container_spec_memory_reservation_limit_bytes, (s) => s.reservationBytes],
];

/** What a spec is made from. */
export interface SpecSources {
  /** What the container was made to be, where a bundle tells. */
  readonly oci: OciResources | undefined;
  /** What the kernel holds the cgroup to, where there is one. */
  readonly kernel: Limits | undefined;
  /** 2 when swap is limited apart from memory. */
  readonly version: 1 | 2;
  readonly hostMemoryBytes: number | undefined;
}

/** Limits are kept in pages, of at most this size. */
const PAGE_BYTES = 65_536;
const DEFAULT_SHARES = 1024;
const DEFAULT_PERIOD = 100_000;
const DEFAULT_WEIGHT = 100;

/**
 * Joins both sources: the OCI spec comes first, since cgroup v2 rounds shares to a weight. Where the
 * kernel's file says otherwise the limit was changed in place, and the kernel's is the true one.
 */
export function specOf({ oci, kernel, version, hostMemoryBytes }: SpecSources): Spec {
  const memory = either(oci?.memoryLimitBytes, kernel?.memoryBytes, PAGE_BYTES);
  const isUnset = oci !== undefined && kernel === undefined;
  return {
    periodMicros:
      finite(either(oci?.cpuPeriodMicros, kernel?.periodMicros, 0)) ??
      (isUnset ? DEFAULT_PERIOD : undefined),
    quotaMicros: finite(either(oci?.cpuQuotaMicros, kernel?.quotaMicros, 0)) || undefined,
    shares: sharesOf(oci?.cpuShares, kernel) ?? (isUnset ? DEFAULT_SHARES : undefined),
    memoryLimitBytes: memory === 0 ? hostMemoryBytes : unlimitedIsZero(memory, isUnset),
    swapLimitBytes: unlimitedIsZero(
      either(swapOf(oci, version), kernel?.swapBytes, PAGE_BYTES),
      isUnset,
    ),
    reservationBytes: unlimitedIsZero(
      either(oci?.memoryReservationBytes, kernel?.reservationBytes, PAGE_BYTES),
      isUnset,
    ),
  };
}

function either(
  oci: number | undefined,
  kernel: number | undefined,
  slack: number,
): number | undefined {
  if (oci === undefined || kernel === undefined) return oci ?? kernel;
  const isChanged = kernel !== Number.POSITIVE_INFINITY && Math.abs(kernel - oci) > slack;
  return isChanged ? kernel : oci;
}

function finite(value: number | undefined): number | undefined {
  return value === Number.POSITIVE_INFINITY ? undefined : value;
}

function unlimitedIsZero(value: number | undefined, isUnset: boolean): number | undefined {
  if (value === undefined) return isUnset ? 0 : undefined;
  return value === Number.POSITIVE_INFINITY ? 0 : value;
}

/** OCI tells memory and swap together, as v1 does; v2 tells swap alone. */
function swapOf(oci: OciResources | undefined, version: 1 | 2): number | undefined {
  const total = oci?.memorySwapBytes;
  if (total === undefined || version === 1) return total;
  if (total === Number.POSITIVE_INFINITY) return total;
  const { memoryLimitBytes } = oci ?? {};
  return memoryLimitBytes === undefined ? undefined : Math.max(0, total - memoryLimitBytes);
}

function sharesOf(oci: number | undefined, kernel: Limits | undefined): number | undefined {
  const { shares, weight } = kernel ?? {};
  if (shares !== undefined) {
    return oci === undefined || shares !== DEFAULT_SHARES ? shares : oci;
  }
  if (weight === undefined) return oci;
  if (oci === undefined) return sharesOfWeight(weight);
  const isSame = weight === linearWeight(oci) || weight === quadraticWeight(oci);
  return isSame || weight === DEFAULT_WEIGHT ? oci : sharesOfWeight(weight);
}

/** The inverse that cAdvisor prints: linear, whatever conversion the runtime used. */
export function sharesOfWeight(weight: number): number {
  return 2 + Math.floor(((weight - 1) * 262_142) / 9999);
}

/** The conversion of runc before 1.3.2, crun before 1.23 and the kubelet's own slices. */
export function linearWeight(shares: number): number {
  return 1 + Math.floor(((shares - 2) * 9999) / 262_142);
}

/** The conversion of newer runtimes, which maps 1,024 shares to the default weight 100. */
export function quadraticWeight(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const log = Math.log2(shares);
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}
