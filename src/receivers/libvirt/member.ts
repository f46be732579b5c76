import type { Source } from '../../helper/source-state.ts';
import type { Domain } from '../../platform/libvirt/domain.ts';
import type { DomainStats } from '../../platform/libvirt/domain-stats.ts';
import type { DomainDescription } from '../../platform/libvirt/domain-xml.ts';
import type { Followed } from './background.ts';
import type { FilesystemUse } from './filesystems.ts';
import { toldAt } from './guest-memory.ts';
import type { Owner } from './owner.ts';
import type { Sheet } from './sheet.ts';
import { isPassedBy } from './stats.ts';

/** One run of a domain, for as long as it is listed. */
export interface Member {
  readonly domain: Domain;
  readonly description: DomainDescription;
  /** When it was described, in ms of performance.now(). */
  readonly describedAt: number;
  /** Its XML was read again. */
  describe(description: DomainDescription): void;
  /**
   * Records what was told of it at `time` (ms since the epoch); `hasStuck` while a call hangs, which
   * tells a domain that hangs from one that is busy.
   */
  record(stats: DomainStats, time: number, hasStuck: boolean): void;
  close(): void;
}

/** What a member is made with. */
export interface MemberOptions {
  readonly domain: Domain;
  readonly owner: Owner;
  readonly sheets: readonly Sheet[];
  readonly source: Source;
  readonly filesystems: FilesystemChoice;
}

/** Who tells how full the file systems of a guest are. */
export interface FilesystemChoice {
  /** By its description; undefined where nobody does. */
  of(description: DomainDescription): Followed<readonly FilesystemUse[]> | undefined;
  close(): void;
}

/** Makes it; nothing is recorded while its names are awaited. */
export function createMember(options: MemberOptions, first: DomainDescription): Member {
  const { domain, owner, sheets, source } = options;
  let description = first;
  let describedAt = performance.now();
  let lastToldAt = 0;
  let passedBy = 0;
  return {
    domain,
    get description() {
      return description;
    },
    get describedAt() {
      return describedAt;
    },
    describe(next) {
      description = next;
      describedAt = performance.now();
    },
    record,
    close() {
      for (const sheet of sheets) sheet.close();
      options.filesystems.close();
      owner.close();
      source.close();
    },
  };

  function record(stats: DomainStats, time: number, hasStuck: boolean): void {
    if (!isPassedBy(stats)) {
      passedBy = 0;
      source.succeeded();
    } else if (hasStuck && ++passedBy > 1) {
      // Once may be that a call that had hung goes on, and is busy with it at this moment.
      source.failed(new Error('its QEMU does not answer libvirt'));
    }
    if (!owner.isKnown()) return;
    const told = stats.balloon && toldAt(stats.balloon, description.balloonPeriodSeconds, time);
    if (told !== undefined) lastToldAt = Math.max(lastToldAt, told);
    const followed = options.filesystems.of(description);
    const filesystems = followed && (followed.latest() ?? { value: [], time });
    const reading = { stats, description, time, filesystems };
    for (const sheet of sheets) {
      sheet.record({ ...reading, toldAt: told === undefined ? undefined : lastToldAt });
    }
  }
}
