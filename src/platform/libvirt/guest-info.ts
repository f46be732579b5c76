import { numberAt, planNumbered, type Read, type SlotOf, textAt } from './group-plan.ts';
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
}

/** The filesystems in what DOMAIN_GET_GUEST_INFO told. */
export function parseGuestFilesystems({ layout, values }: Parameters): GuestFilesystem[] {
  return planNumbered(layout, 'fs.', planFilesystem)(values);
}

function planFilesystem(slot: SlotOf): Read<GuestFilesystem> {
  return (v) => ({
    name: textAt(v, slot('name')),
    mountpoint: textAt(v, slot('mountpoint')),
    type: textAt(v, slot('fstype')),
    totalBytes: numberAt(v, slot('total-bytes')),
    usedBytes: numberAt(v, slot('used-bytes')),
  });
}
