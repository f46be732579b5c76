import type { DomainStats } from '../../platform/libvirt/domain-stats.ts';

/** What is known of a domain's balloon. */
export type Balloon = NonNullable<DomainStats['balloon']>;

/** What a domain uses of memory, under cAdvisor's words. */
export interface MemoryUse {
  readonly usageBytes: number | undefined;
  readonly workingSetBytes: number | undefined;
  readonly cacheBytes: number | undefined;
}

/** The guest's driver tells late on a busy host. */
const SLACK_MILLIS = 10_000;
const PERIODS = 3;

/**
 * When the guest told its figures, in ms since the epoch; undefined where it told none of late: it
 * has no driver, has not started it, or is paused.
 */
export function toldAt(
  { lastUpdateSeconds, availableBytes }: Balloon,
  periodSeconds: number | undefined,
  now: number,
): number | undefined {
  if (!periodSeconds || !lastUpdateSeconds || availableBytes === undefined) return undefined;
  const millis = lastUpdateSeconds * 1000;
  const longest = Math.max(SLACK_MILLIS, PERIODS * periodSeconds * 1000);
  return now - millis <= longest ? Math.min(millis, now) : undefined;
}

/** The guest's own view: what it does not have free, and what it could not get back. */
export function guestUse(balloon: Balloon): MemoryUse {
  const { availableBytes: total, unusedBytes, usableBytes, diskCacheBytes } = balloon;
  return {
    usageBytes: difference(total, unusedBytes),
    workingSetBytes: difference(total, usableBytes),
    cacheBytes: diskCacheBytes,
  };
}

/** The host's view: the memory of QEMU, of which the host can take none back. */
export function hostUse({ rssBytes }: Balloon): MemoryUse {
  return { usageBytes: rssBytes, workingSetBytes: rssBytes, cacheBytes: undefined };
}

function difference(total: number | undefined, part: number | undefined): number | undefined {
  if (total === undefined || part === undefined || part > total) return undefined;
  return total - part;
}
