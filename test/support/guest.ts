import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { findKernel, findPeer } from './peers.ts';

/** Longest time of a test that boots a guest: most take one minute where nothing else runs. */
export const GUEST_TIMEOUT_MILLIS = 420_000;
/** To say what it printed, and to clear up. */
const MARGIN_MILLIS = 20_000;
/** The kernel takes some seconds to its init. Under emulation it hangs on the way now and then. */
const BOOT_MILLIS = 60_000;
const MOST_BOOTS = 3;
const DISK_BYTES = 64 * 2 ** 20;

/** Of a disk and a network card, each after what it needs; some kernels have some built in. */
const MODULES = [
  ...['virtio_ring', 'virtio', 'virtio_pci_modern_dev', 'virtio_pci_legacy_dev', 'virtio_pci'],
  ...['virtio_blk', 'failover', 'net_failover', 'virtio_net'],
];

/** `stty` sets nothing new, but waits first until all that was printed has left the port. */
export const POWER_OFF = 'stty -F /dev/ttyS0 cs8; poweroff -f';

const INIT = `#!/bin/sh
echo "== boot"
mount -t devtmpfs d /dev; mount -t proc p /proc; mount -t sysfs s /sys
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
mkdir -p /etc; echo "127.0.0.1 localhost" > /etc/hosts
mount -t tmpfs t /tmp; ifconfig lo 127.0.0.1 up
for module in /modules/*; do insmod $module; done
ifconfig eth0 10.0.2.15 up
. /guest.sh
${POWER_OFF}
`;

/**
 * Boots a real kernel with cgroup v2 under software emulation, runs a shell script in it and
 * returns what it printed, by the names in its lines `== name`; throws where it did not get to
 * `== end`. `files` are host paths by guest path; libraries come along. The guest has an empty disk,
 * /dev/vda, and a network card, eth0, whose only neighbour is 10.0.2.2.
 */
export async function runGuest(
  script: string,
  files: Record<string, string>,
): Promise<Map<string, string>> {
  const work = mkdtempSync(join(tmpdir(), 'sandgauge-guest-'));
  try {
    const root = join(work, 'root');
    for (const folder of ['bin', 'dev', 'proc', 'sys', 'tmp']) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    const busybox = findPeer('busybox') ?? 'busybox';
    copy(busybox, join(root, 'bin/busybox'));
    for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n')) {
      if (applet !== '' && applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
    }
    for (const [guestPath, path] of Object.entries(files)) {
      copy(path, join(root, guestPath));
      for (const library of librariesOf(path)) copy(library, join(root, library));
    }
    copyModules(join(root, 'modules'));
    writeFileSync(join(root, 'init'), INIT, { mode: 0o755 });
    writeFileSync(join(root, 'guest.sh'), script);
    execFileSync('sh', ['-c', 'find . | cpio -o -H newc --quiet -R 0:0 > ../initramfs'], {
      cwd: root,
    });
    const disk = join(work, 'disk');
    writeFileSync(disk, '');
    truncateSync(disk, DISK_BYTES);
    const end = performance.now() + GUEST_TIMEOUT_MILLIS - MARGIN_MILLIS;
    let printed = '';
    for (let i = 0; i < MOST_BOOTS && printed === ''; i++) {
      printed = await boot(join(work, 'initramfs'), disk, end);
    }
    return partsOf(printed);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function partsOf(printed: string): Map<string, string> {
  if (!/^== end$/m.test(printed)) throw new Error(`the guest stopped: ${printed.slice(-2000)}`);
  const parts = printed.matchAll(/^== (\S+)\n([\s\S]*?)(?=^== )/gm);
  return new Map([...parts].map(([, name = '', text = '']) => [name, text]));
}

/** What a guest printed; nothing when its kernel hung before its init. */
async function boot(initramfs: string, disk: string, end: number): Promise<string> {
  // cx16=off: kernels from 6.12 on hit a fault of QEMU 7.2's emulation of cmpxchg16b.
  const machine = '-accel tcg,thread=multi -M q35 -cpu max,cx16=off -smp 2 -m 1024';
  const devices = '-display none -monitor none -nodefaults -no-reboot -serial stdio';
  const network = '-netdev user,id=n0,restrict=on -device virtio-net-pci,netdev=n0,romfile=';
  const guest = execa(
    findPeer('qemu-system-x86_64') ?? 'qemu-system-x86_64',
    [
      ...`${machine} ${devices} ${network} -device virtio-blk-pci,drive=d0`.split(' '),
      ...['-drive', `file=${disk},format=raw,if=none,id=d0`],
      ...['-kernel', findKernel() ?? '', '-initrd', initramfs],
      ...['-append', 'console=ttyS0 loglevel=1 panic=-1 mitigations=off psi=1'],
    ],
    { stdin: 'ignore', reject: false, timeout: end - performance.now(), killSignal: 'SIGKILL' },
  );
  const hung = setTimeout(() => guest.kill(), BOOT_MILLIS);
  guest.stdout.once('data', () => clearTimeout(hung));
  const { stdout } = await guest;
  clearTimeout(hung);
  return stdout.replaceAll('\r', '');
}

/** Copies modules of the guest's kernel, numbered in the order in which they are loaded. */
export function copyModules(to: string, names: readonly string[] = MODULES): void {
  const modules = join(dirname(findKernel() ?? ''), '../lib/modules');
  for (const [i, name] of names.entries()) {
    const [path] = globSync(join(modules, `*/kernel/**/${name}.ko*`));
    if (path === undefined) continue;
    const number = String(i).padStart(2, '0');
    const file = join(to, `${number}-${basename(path, '.xz')}`);
    copy(path, file);
    if (path.endsWith('.xz')) {
      writeFileSync(file, execFileSync('xz', ['-dc', path], { maxBuffer: DISK_BYTES }));
    }
  }
}

/** Copies a file and makes the folders on its way. */
export function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** The shared libraries that a program loads. */
export function librariesOf(path: string): string[] {
  const { stdout } = spawnSync('ldd', [path], { encoding: 'utf8' });
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
}

/** The files of a directory in what a guest printed, a line `directory/file:text` for each. */
export function shownIn(printed: string | undefined, directory: string): Record<string, string> {
  const lines = (printed ?? '').split('\n').filter((line) => line.startsWith(`${directory}/`));
  return Object.fromEntries(lines.map((line) => line.slice(directory.length + 1).split(':')));
}
