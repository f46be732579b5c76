import type { DomainStats } from '../../platform/libvirt/domain-stats.ts';
import type { DomainDescription } from '../../platform/libvirt/domain-xml.ts';
import type { FilesystemUse } from './filesystems.ts';

/** What is known of a domain at one moment. */
export interface Reading {
  readonly stats: DomainStats;
  readonly description: DomainDescription;
  /** When the statistics were read, in ms since the epoch. */
  readonly time: number;
  /** When the guest told its memory; undefined where it did not of late. */
  readonly toldAt: number | undefined;
  /** The file systems of the guest; undefined where nobody tells them. */
  readonly filesystems:
    | { readonly value: readonly FilesystemUse[]; readonly time: number }
    | undefined;
}

/** Rows of one domain, for its whole life. */
export interface Sheet {
  record(reading: Reading): void;
  /** Ends its series. */
  close(): void;
}
