import { type LibvirtClient, STATS_GROUP } from '../../platform/libvirt/client.ts';
import type { DomainRecord, DomainStats } from '../../platform/libvirt/domain-stats.ts';
import { LibvirtTimeout } from '../../platform/libvirt/errors.ts';

/** What a daemon told of its running domains. */
export interface StatsAnswer {
  readonly records: readonly DomainRecord[];
  /** False where so many domains hang that only what needs no QEMU was asked. */
  readonly isWhole: boolean;
}

/** How statistics are asked for. */
export interface StatsOptions {
  /** The sum of some of STATS_GROUP. */
  readonly groups: number;
  /** Longest wait for one call. */
  readonly callMillis: number;
}

/** For these libvirt asks no QEMU. */
const WITHOUT_QEMU = STATS_GROUP.state | STATS_GROUP.interface;
/** Each holds a worker of the daemon until its QEMU goes on; one call more must stay free. */
const MAX_STUCK = 3;

/**
 * Reads the statistics of all running domains before `end` (ms of performance.now()). A QEMU that hangs
 * holds the first call that meets it; that call holds the domain's job, so that the next passes it by,
 * and tells of it what needs no QEMU. At most three calls are left to hang.
 */
export async function readStats(
  client: LibvirtClient,
  { groups, callMillis }: StatsOptions,
  end: number,
): Promise<StatsAnswer> {
  while (client.stuck < MAX_STUCK) {
    // The next try wants its part of the time.
    const wait = Math.min(callMillis, (end - performance.now()) / 2);
    try {
      const request = { groups, domains: 'active' } as const;
      const records = await client.readDomainStats(request, performance.now() + wait);
      return { records, isWhole: true };
    } catch (error) {
      if (!(error instanceof LibvirtTimeout) || performance.now() >= end) throw error;
    }
  }
  const some = groups & WITHOUT_QEMU;
  // To the daemon none is all.
  if (some === 0) return { records: [], isWhole: false };
  const request = { groups: some, domains: 'active' } as const;
  return { records: await client.readDomainStats(request, end), isWhole: false };
}

/** Whether a domain was passed by, because another call has to do with it or hangs with it. */
export function isPassedBy({ balloon, blocks }: DomainStats): boolean {
  if (balloon?.currentBytes !== undefined) {
    return balloon.rssBytes === undefined && balloon.lastUpdateSeconds === undefined;
  }
  return blocks.length > 0 && blocks.every(({ readRequests }) => readRequests === undefined);
}
