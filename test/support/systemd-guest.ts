import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { POWER_OFF, runGuest } from './guest.ts';
import { findPeer } from './peers.ts';

const SYSTEMD = '/lib/systemd/systemd';
const UNITS = '/etc/systemd/system';

const SWITCH_ROOT = `
mkdir /new && mount -t tmpfs -o size=700m new /new
for each in /*; do case $each in /new|/dev|/proc|/sys|/tmp) ;; *) cp -a $each /new/;; esac; done
for each in dev proc sys run tmp root home var; do mkdir -p /new/$each; done
exec switch_root /new ${SYSTEMD}
`;
const SERVICE = `[Service]
Type=oneshot
ExecStart=/bin/sh -c 'sh /test.sh >/run/printed 2>&1; cat /run/printed >/dev/console; ${POWER_OFF}'
`;

/** What a guest with systemd needs beside those of any guest. */
export function findSystemd(): boolean {
  return existsSync(SYSTEMD) && ['systemctl', 'systemd-run'].every((name) => findPeer(name));
}

/** As `runGuest`, with this machine's systemd as pid 1, of which the script is a service. */
export async function runSystemdGuest(
  script: string,
  files: Record<string, string>,
): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-systemd-'));
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  // Debian's default.target is a link to another.
  const units = globSync('/lib/systemd/system/{!(default).target,*.slice}');
  try {
    return await runGuest(SWITCH_ROOT, {
      ...Object.fromEntries([SYSTEMD, ...units].map((path) => [path, path])),
      '/bin/systemctl': findPeer('systemctl') ?? '',
      '/bin/systemd-run': findPeer('systemd-run') ?? '',
      [`${UNITS}/guest.service`]: write('service', SERVICE),
      [`${UNITS}/default.target`]: write('target', '[Unit]\nWants=guest.service\n'),
      '/test.sh': write('script', script),
      ...files,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
