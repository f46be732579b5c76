import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copy, copyModules, librariesOf } from '../guest.ts';
import { findKernel, findPeer } from '../peers.ts';

const DISK_BYTES = 64 * 2 ** 20;

/** Of a disk, a network card, the balloon and the agent's channel, each after what it needs. */
const MODULES = [
  ...['virtio_ring', 'virtio', 'virtio_pci_modern_dev', 'virtio_pci_legacy_dev', 'virtio_pci'],
  ...['virtio_blk', 'failover', 'net_failover', 'virtio_net', 'virtio_balloon', 'virtio_console'],
];

const INIT = `#!/bin/sh
mount -t devtmpfs d /dev; mount -t proc p /proc; mount -t sysfs s /sys; mount -t tmpfs t /run
for module in /modules/*; do insmod $module; done
mkdir -p /dev/virtio-ports /mnt/data /var; ln -s /run /var/run
for port in /sys/class/virtio-ports/*; do
  ln -s /dev/\${port##*/} /dev/virtio-ports/$(cat $port/name)
done
ifconfig lo 127.0.0.1 up; ifconfig eth0 10.77.0.2 up
mount -t ext4 /dev/vda /mnt/data
qemu-ga -m virtio-serial -p /dev/virtio-ports/org.qemu.guest_agent.0 -t /run -d
sh /guest.sh
echo guest script ended
while :; do sleep 1000; done
`;

/** What a guest boots from. */
export interface GuestImage {
  readonly kernel: string;
  readonly initramfs: string;
  /** A raw disk with an ext4 filesystem, which the guest mounts at /mnt/data. */
  readonly disk: string;
}

/**
 * Makes an image in `folder`: a real kernel, busybox, the agent, and a script that is run once all
 * is up. The guest's eth0 is 10.77.0.2; the bridge of the host is 10.77.0.1.
 */
export function makeGuestImage(folder: string, script: string): GuestImage {
  const root = join(folder, 'root');
  for (const each of ['bin', 'dev', 'proc', 'sys', 'run', 'tmp']) {
    mkdirSync(join(root, each), { recursive: true });
  }
  const busybox = findPeer('busybox') ?? 'busybox';
  copy(busybox, join(root, 'bin/busybox'));
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n')) {
    if (applet !== '' && applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  }
  const agent = findPeer('qemu-ga') ?? 'qemu-ga';
  copy(agent, join(root, 'bin/qemu-ga'));
  for (const library of librariesOf(agent)) copy(library, join(root, library));
  copyModules(join(root, 'modules'), MODULES);
  writeFileSync(join(root, 'init'), INIT, { mode: 0o755 });
  writeFileSync(join(root, 'guest.sh'), script);
  execFileSync('sh', ['-c', 'find . | cpio -o -H newc --quiet -R 0:0 > ../initramfs'], {
    cwd: root,
  });
  const image = {
    kernel: join(folder, 'vmlinuz'),
    initramfs: join(folder, 'initramfs'),
    disk: join(folder, 'disk'),
  };
  copyFileSync(findKernel() ?? '', image.kernel);
  writeFileSync(image.disk, '');
  truncateSync(image.disk, DISK_BYTES);
  execFileSync(findPeer('mke2fs') ?? 'mke2fs', ['-q', '-t', 'ext4', image.disk]);
  return image;
}
