import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findKernel, findPeer } from './peers.ts';

const TIMEOUT_SECONDS = 180;

const INIT = `#!/bin/sh
mount -t devtmpfs d /dev; mount -t proc p /proc; mount -t sysfs s /sys
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
mkdir -p /etc; echo "127.0.0.1 localhost" > /etc/hosts
mount -t tmpfs t /tmp; ifconfig lo 127.0.0.1 up
sh /guest.sh
poweroff -f
`;

/**
 * Boots a real kernel with cgroup v2 under software emulation, runs a shell script in it and
 * returns what it printed. `files` are host paths by guest path; libraries come along.
 */
export function runGuest(script: string, files: Record<string, string>): string {
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
    writeFileSync(join(root, 'init'), INIT, { mode: 0o755 });
    writeFileSync(join(root, 'guest.sh'), script);
    execFileSync('sh', ['-c', 'find . | cpio -o -H newc --quiet -R 0:0 > ../initramfs'], {
      cwd: root,
    });
    return boot(join(work, 'initramfs'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function boot(initramfs: string): string {
  // cx16=off: kernels from 6.12 on hit a fault of QEMU 7.2's emulation of cmpxchg16b.
  const machine = '-accel tcg,thread=multi -M q35 -cpu max,cx16=off -smp 2 -m 1024';
  const devices = '-display none -monitor none -nodefaults -no-reboot -serial stdio';
  const result = spawnSync(
    findPeer('qemu-system-x86_64') ?? 'qemu-system-x86_64',
    [
      ...`${machine} ${devices}`.split(' '),
      ...['-kernel', findKernel() ?? '', '-initrd', initramfs],
      ...['-append', 'console=ttyS0 quiet panic=-1 mitigations=off'],
    ],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_SECONDS * 1000,
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  return result.stdout.replaceAll('\r', '');
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

function librariesOf(path: string): string[] {
  const { stdout } = spawnSync('ldd', [path], { encoding: 'utf8' });
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
}
