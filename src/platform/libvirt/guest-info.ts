import {
  numberAt,
  planNumbered,
  type Read,
  type SlotOf,
  textAt,
  type Values,
} from './group-plan.ts';
import type { Layout } from './key-trie.ts';
import type { Parameters } from './parameters.ts';

/** What the agent inside a guest can be asked for: virDomainGuestInfoTypes. */
export const GUEST_INFO = { os: 2, hostname: 8, filesystem: 16 } as const;

/** A filesystem that is mounted in a guest; agents of old tell no sizes. */
export interface GuestFilesystem {
  /** The device in the guest, such as `vda1`. */
  readonly name: string | undefined;
  readonly mountpoint: string | undefined;
  readonly type: string | undefined;
  /** Without what is kept for root, as `df` has it: used + available. */
  readonly totalBytes: number | undefined;
  readonly usedBytes: number | undefined;
  /** The disks below it. */
  readonly disks: readonly GuestDisk[];
}

/** A disk below a filesystem: `target` as in the domain's XML, `device` as in the guest. */
interface GuestDisk {
  readonly target: string | undefined;
  readonly device: string | undefined;
}

/** The filesystems in what DOMAIN_GET_GUEST_INFO told. */
export function parseGuestFilesystems({ layout, values }: Parameters): GuestFilesystem[] {
  return planNumbered(layout, 'fs.', (slot, i) => planFilesystem(layout, slot, i))(values);
}

function planFilesystem(layout: Layout, slot: SlotOf, index: number): Read<GuestFilesystem> {
  const disks = planNumbered(layout, `fs.${index}.disk.`, planDisk);
  return (v) => ({
    name: textAt(v, slot('name')),
    mountpoint: textAt(v, slot('mountpoint')),
    type: textAt(v, slot('fstype')),
    totalBytes: numberAt(v, slot('total-bytes')),
    usedBytes: numberAt(v, slot('used-bytes')),
    disks: disks(v),
  });
}

function planDisk(slot: SlotOf): Read<GuestDisk> {
  return (v: Values) => ({ target: textAt(v, slot('alias')), device: textAt(v, slot('device')) });
}
