import type { DomainStats } from '../../platform/libvirt/domain-stats.ts';
import type { Block, Interface } from './container-rows.ts';
import type { DeviceKind } from './device-rows.ts';
import type { FilesystemUse } from './filesystems.ts';

/** Interfaces by the host's device. */
export function interfaceKind(label: string): DeviceKind<Interface> {
  return {
    label,
    name: (each) => each.name,
    progress: (each) => sum(each.receivePackets, each.transmitPackets),
  };
}

/** Disks by their target; those of a domain that does not answer are named and nothing else. */
export function blockKind(label: string): DeviceKind<Block> {
  return {
    label,
    name: (each) => each.name,
    progress: (each) => sum(each.readRequests, each.writeRequests),
  };
}

/** Virtual CPUs by number. */
export const VCPU_KIND: DeviceKind<DomainStats['vcpus'][number]> = {
  label: 'vcpu',
  name: (each) => String(each.index),
  progress: (each) => each.timeNanos,
};

/** File systems by device. */
export const FILESYSTEM_KIND: DeviceKind<FilesystemUse> = {
  label: 'device',
  name: (each) => each.device,
  progress: () => 0,
};

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
