import type { GuestFilesystem } from '../../platform/libvirt/guest-info.ts';
import type { DiskFilesystem } from '../../platform/libvirt/virt-df.ts';

/** How full a file system of a guest is. */
export interface FilesystemUse {
  readonly device: string;
  readonly usedBytes: number | undefined;
  /** Without what is kept for root. */
  readonly totalBytes: number | undefined;
}

/** Images that are full by nature. */
const IMAGES = /^(squashfs|iso9660|udf|erofs|cramfs|CDFS|UDF)$/;

/** What the agent tells; a device that is mounted twice is told once. */
export function usesOfGuest(filesystems: readonly GuestFilesystem[]): FilesystemUse[] {
  const uses = new Map<string, FilesystemUse>();
  for (const { name, mountpoint, type, usedBytes, totalBytes } of filesystems) {
    const device = name || mountpoint;
    if (device === undefined || usedBytes === undefined || IMAGES.test(type ?? '')) continue;
    if (!uses.has(device)) uses.set(device, { device, usedBytes, totalBytes });
  }
  return [...uses.values()];
}

/** What virt-df tells, by the names of devices without their directory, as the agent has them. */
export function usesOfDisks(filesystems: readonly DiskFilesystem[]): FilesystemUse[] {
  return filesystems.map(({ name, ...use }) => ({ ...use, device: name.replace(/^\/dev\//, '') }));
}
