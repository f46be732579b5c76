import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRows, type SampleRow } from '../support/agent.ts';
import { packagedBinary } from '../support/binary.ts';
import { GUEST_TIMEOUT_MILLIS } from '../support/guest.ts';
import { findKernel, findPeer, isMissing } from '../support/peers.ts';
import { findSystemd, runSystemdGuest } from '../support/systemd-guest.ts';

const UNIT = 'config/systemd/sandgauge.service';
/** Of ten; what is left is the network, the two capabilities and root. */
const MAX_EXPOSURE = 2.5;
const CAPABILITIES = (1n << 2n) | (1n << 19n);

const folder = mkdtempSync(join(tmpdir(), 'sandgauge-systemd-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const analyze = (...args: string[]) =>
  spawnSync(findPeer('systemd-analyze') ?? '', args, { encoding: 'utf8' });

const isAnalyzeMissing = isMissing('the unit by systemd-analyze', {
  systemd: findPeer('systemd-analyze'),
});

describe.skipIf(isAnalyzeMissing)('the unit', () => {
  /** The program need not be installed here. */
  const installed = () =>
    readFileSync(UNIT, 'utf8').replace('/usr/local/bin/sandgauge', process.execPath);

  test('systemd-analyze verify has nothing to say', () => {
    const { status, stderr } = analyze('verify', write('sandgauge.service', installed()));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const wrong = installed().replace('ProtectClock', 'ProtectTime');
    expect(analyze('verify', write('sandgauge.service', wrong)).stderr).toContain('ProtectTime');
  });

  test('its exposure is bounded', () => {
    const path = write('sandgauge.service', installed());
    const { stdout } = analyze('security', '--offline=yes', '--no-pager', path);
    const exposure = Number(/Overall exposure level .*: ([\d.]+) /.exec(stdout)?.[1]);
    expect(exposure, stdout).toBeGreaterThan(0);
    expect(exposure, stdout).toBeLessThanOrEqual(MAX_EXPOSURE);
  });
});

const isGuestMissing = isMissing('the unit under a real systemd', {
  qemu: findPeer('qemu-system-x86_64'),
  kernel: findKernel(),
  cpio: findPeer('cpio'),
  busybox: findPeer('busybox'),
  systemd: findSystemd(),
});

const SCRIPT = `
setuidgid 1000 nc -l -p 7000 & other=$!
echo "== sandgauge"
systemctl start sandgauge.service
for i in $(seq 60); do wget -q -O /tmp/m http://localhost:9464/metrics && break; sleep 0.5; done
systemctl reload sandgauge.service; sleep 2
read pid < /sys/fs/cgroup/system.slice/sandgauge.service/cgroup.procs
echo "== status"; cat /proc/$pid/status
echo "== mounts"; cat /proc/$pid/mountinfo
echo "== sockets"; for each in $(cat /sys/fs/cgroup/init.scope/cgroup.procs); do ls -l /proc/$each/fd; done | grep -c socket:
echo "== metrics"; wget -q -O - http://localhost:9464/metrics
echo "== log"; cat /run/log
echo "== end"
`;

describe.skipIf(isGuestMissing)('the service under a real systemd, on cgroup v2', () => {
  let part: Map<string, string>;
  let rows: SampleRow[];

  beforeAll(async () => {
    const unit = readFileSync(UNIT, 'utf8').replace('[Install]', 'StandardError=file:/run/log\n$&');
    part = await runSystemdGuest(SCRIPT, {
      '/usr/local/bin/sandgauge': packagedBinary(),
      '/etc/sandgauge/config.yaml': 'otel-collector.yaml',
      '/etc/systemd/system/sandgauge.service': write('service', unit),
    });
    rows = parseRows(part.get('metrics') ?? '');
  }, GUEST_TIMEOUT_MILLIS);

  const rowOf = (metric: string, id: string) =>
    rows.find(({ name, labels }) => name === metric && labels.id === id)?.value;

  test('it runs with two capabilities, a filter of system calls and nothing to write to', () => {
    const status = part.get('status') ?? '';
    const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1];
    for (const set of ['CapBnd', 'CapEff']) {
      expect(BigInt(`0x${field(set)}`), set).toBe(CAPABILITIES);
    }
    expect([field('NoNewPrivs'), field('Seccomp')]).toEqual(['1', '2']);
    const writable = [...(part.get('mounts') ?? '').matchAll(/^(?:\S+ ){4}(\S+) rw/gm)].map(
      ([, path]) => path,
    );
    expect(
      writable.filter((path) => !/^\/(dev|proc|tmp|var\/tmp|run\/lock)\b/.test(path ?? '')),
    ).toEqual([]);
  });

  test('it still sees the cgroups and the processes of others', () => {
    expect(
      rowOf('container_cpu_usage_seconds_total', '/system.slice/guest.service'),
    ).toBeGreaterThan(0);
    expect(rowOf('container_sockets', '/init.scope')).toBe(Number(part.get('sockets')));
    // That of the other user's process.
    expect(rowOf('container_sockets', '/system.slice/guest.service')).toBeGreaterThan(0);
    expect(rowOf('container_sockets', '/system.slice/sandgauge.service')).toBeGreaterThan(0);
  });

  test('systemctl reload is understood, and nothing is denied', () => {
    expect(part.get('log')).toContain('Configuration has not changed');
    expect(part.get('log')).not.toMatch(/\t(warn|error)\t/);
  });
});
