import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Stands for a machine that has nothing but a kernel, the binary and the libraries it is linked to. */
export interface BareRoom {
  /** Its root, from outside; files that are written here are seen inside. */
  readonly path: string;
  /** The binary's process: as nobody, without environment, all read-only and /tmp noexec. */
  start(args: readonly string[]): ChildProcess;
  remove(): void;
}

const NOBODY = 65_534;
const ENTER = `
set -e
mount --bind "$ROOM" "$ROOM"
for from in proc sys; do mount --rbind /$from "$ROOM/$from"; done
mount -t tmpfs -o noexec,mode=1777 tmpfs "$ROOM/tmp"
mount --bind "$BINARY" "$ROOM/sandgauge"
mount -o remount,bind,ro "$ROOM"
exec env -i "$CHROOT" --userspec=${NOBODY}:${NOBODY} --groups= "$ROOM" /sandgauge "$@"
`;

/** Makes it in a temporary folder; needs root. Its mounts are those of the process alone. */
export function makeBareRoom(binary: string, chroot: string): BareRoom {
  const path = mkdtempSync(join(tmpdir(), 'sandgauge-room-'));
  for (const folder of ['proc', 'sys', 'tmp']) mkdirSync(join(path, folder));
  writeFileSync(join(path, 'sandgauge'), '');
  const libraries = execFileSync('ldd', [binary], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  for (const library of libraries) {
    mkdirSync(join(path, dirname(library)), { recursive: true });
    copyFileSync(library, join(path, library));
    chmodSync(join(path, library), 0o755);
  }
  chmodSync(path, 0o755);
  return {
    path,
    start(args) {
      const env = { ...process.env, ROOM: path, BINARY: binary, CHROOT: chroot };
      const command = ['--mount', 'sh', '-c', ENTER, 'sh', ...args];
      return spawn('unshare', command, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    },
    remove: () => rmSync(path, { recursive: true }),
  };
}
