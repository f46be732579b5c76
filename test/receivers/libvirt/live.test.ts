import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { libvirt } from '../../../src/receivers/libvirt/factory.ts';
import { cgroupMounts } from '../../support/cgroup-v1.ts';
import { makeGuestImage } from '../../support/libvirt/guest.ts';
import { inGuest, untilAgent } from '../../support/libvirt/in-guest.ts';
import { LIBVIRT_NEEDS, startLibvirtd, type TestLibvirtd } from '../../support/libvirt/libvirtd.ts';
import { type Observed, type Row, runObserved } from '../../support/observed.ts';
import { isMissing } from '../../support/peers.ts';

const MIB = 2 ** 20;
const METADATA = `<v:pod xmlns:v='https://virtlet.example/meta'><v:namespace>default</v:namespace>
  <v:name>web</v:name><v:containerName>vm</v:containerName></v:pod>`;
/** It lets other work on the machine run beside it, and goes on until it is told. */
const BURN = 'while [ ! -e /tmp/stop ]; do :; done';
/** A program is read from the disk again and again. */
const MAJOR_FAULTS = `cp /bin/busybox /mnt/data/busybox; sync
  for i in $(seq 60); do echo 3 >/proc/sys/vm/drop_caches; /mnt/data/busybox true; done
  rm /mnt/data/busybox`;

const isSkipped = isMissing('the libvirt receiver with a real guest', LIBVIRT_NEEDS);

describe.skipIf(isSkipped)('a real guest', { timeout: 60_000 }, () => {
  let libvirtd: TestLibvirtd;
  let observed: Observed;
  beforeAll(async () => {
    libvirtd = await startLibvirtd('receiver');
    const image = makeGuestImage(libvirtd.folder, BURN);
    const extra = `<cputune><shares>512</shares></cputune><memtune><soft_limit unit='MiB'>128</soft_limit></memtune>`;
    const spec = { memoryMib: 192, vcpus: 2, metadata: METADATA, extra };
    libvirtd.create({ name: 'guest', ...spec, image });
    await untilAgent(libvirtd, 'guest');
    observed = await runObserved(
      {
        factory: libvirt,
        receiver: `uri: qemu:///system?socket=${libvirtd.readOnlySocket}
call_timeout: 10s
guest_filesystems: agent
guest_filesystems_interval: 1s
`,
        observer: '',
      },
      Date.now,
    );
  }, 120_000);
  afterAll(async () => {
    await observed?.shutdown();
    await libvirtd?.stop();
  });

  const run = (script: string) => inGuest(libvirtd, 'guest', script);
  function value(rows: readonly Row[], metric: string, labels: Record<string, string> = {}) {
    const found = rows.filter(
      (row) =>
        row.metric === metric &&
        Object.entries(labels).every(([label, text]) => row.labels[label] === text),
    );
    expect([metric, found.length]).toEqual([metric, 1]);
    return found[0]?.value as number;
  }

  test('CPU time is that of the QEMU, by /proc/<pid>/stat', async () => {
    const pid = libvirtd.pidOf('guest');
    const sample = async () => {
      const before = cpuSeconds(pid);
      const rows = await observed.read();
      const usage = value(rows, 'container_cpu_usage_seconds_total', { cpu: 'total' });
      return { host: (before + cpuSeconds(pid)) / 2, usage };
    };
    const first = await sample();
    await sleep(8000);
    const second = await sample();
    const host = second.host - first.host;
    expect(host).toBeGreaterThan(0.5);
    expect(Math.abs((second.usage - first.usage) / host - 1)).toBeLessThan(0.03);
    await run('touch /tmp/stop');
  });

  test("memory is the guest's /proc/meminfo", async () => {
    await run(
      'mkdir /held; mount -t tmpfs t /held; dd if=/dev/urandom of=/held/file bs=1M count=30',
    );
    await sleep(3000);
    const meminfo = await run('cat /proc/meminfo');
    const kib = (key: string) => Number(new RegExp(`^${key}: +(\\d+) kB`, 'm').exec(meminfo)?.[1]);
    const rows = await observed.read();
    const total = kib('MemTotal') * 1024;
    const near = (metric: string, bytes: number) => {
      const row = value(rows, metric);
      expect([metric, Math.abs(row - bytes) < total * 0.02, row, bytes]).toContain(true);
    };
    near('container_memory_usage_bytes', total - kib('MemFree') * 1024);
    near('container_memory_working_set_bytes', total - kib('MemAvailable') * 1024);
    near('container_memory_cache', (kib('Cached') + kib('Buffers')) * 1024);
    expect(value(rows, 'libvirt_domain_memory_stats_available_bytes')).toBe(total);
    // What the balloon leaves to the guest is a limit, and no use.
    expect(value(rows, 'container_spec_memory_limit_bytes')).toBe(192 * MIB);
    expect(value(rows, 'container_memory_usage_bytes')).toBeLessThan(150 * MIB);
  });

  async function vmstat() {
    const text = await run('cat /proc/vmstat');
    const count = (key: string) => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1]);
    return { all: count('pgfault'), major: count('pgmajfault') };
  }

  test("page faults are the guest's, the major ones among all", async () => {
    await run(MAJOR_FAULTS);
    const before = await vmstat();
    await sleep(4000);
    const rows = await observed.read();
    const after = await vmstat();
    const counted = (failure_type: string) =>
      value(rows, 'container_memory_failures_total', { failure_type, scope: 'container' });
    const told = { all: counted('pgfault'), major: counted('pgmajfault') };
    for (const key of ['all', 'major'] as const) {
      expect(told[key]).toBeGreaterThanOrEqual(before[key]);
      expect(told[key]).toBeLessThanOrEqual(after[key]);
    }
    // To count them twice would not be within.
    expect(after.major).toBeGreaterThan(after.all - before.all);
  });

  test("what the guest received was received: the guest's /proc/net/dev", async () => {
    const read = async () => {
      // What is on its way arrives, and so do the last questions after an address.
      await sleep(4000);
      const [, columns = ''] = /eth0:(.*)/.exec(await run('cat /proc/net/dev')) ?? [];
      const guest = columns.trim().split(/ +/).map(Number);
      const rows = await observed.read();
      const row = (metric: string) => value(rows, `container_network_${metric}_total`);
      const at = (i: number) => guest[i] as number;
      return [
        [row('receive_bytes'), at(0)],
        [row('receive_packets'), at(1)],
        [row('transmit_bytes'), at(8)],
        [row('transmit_packets'), at(9)],
      ] as const;
    };
    const before = await read();
    // More goes out than comes in, so that the sides cannot be taken for each other.
    await run('ping -c 8 -s 60000 10.77.0.1');
    await run('arp -s 10.77.0.9 02:00:00:00:00:09; ping -c 3 -s 60000 10.77.0.9');
    const after = await read();
    const gains = after.map(([row, guest], i) => [
      row - (before[i]?.[0] ?? 0),
      guest - (before[i]?.[1] ?? 0),
    ]);
    for (const [row = 0, guest = 0] of gains) {
      expect(guest).toBeGreaterThan(300);
      expect(Math.abs(row - guest)).toBeLessThanOrEqual(guest * 0.02);
    }
    const [received = [0], , sent = [0]] = gains;
    expect(received[0]).toBeGreaterThan(8 * 60_000);
    expect(sent[0]).toBeGreaterThan((received[0] ?? 0) + 2 * 60_000);
  });

  test('a disk has the bytes that the guest wrote to it', async () => {
    const guest = async () => {
      const [, columns = ''] = / vda (.*)/.exec(await run('sync; cat /proc/diskstats')) ?? [];
      const fields = columns.split(' ').map(Number);
      return { reads: fields[0], readBytes: fields[2], writes: fields[4], writtenBytes: fields[6] };
    };
    const before = await guest();
    await run('dd if=/dev/zero of=/mnt/data/file bs=1M count=8 conv=fsync');
    const after = await guest();
    const rows = await observed.read();
    const device = { device: 'vda' };
    expect((after.writtenBytes ?? 0) - (before.writtenBytes ?? 0)).toBeGreaterThanOrEqual(8 * 2048);
    const written = value(rows, 'container_fs_writes_bytes_total', device);
    expect(written).toBe((after.writtenBytes ?? 0) * 512);
    const read = value(rows, 'container_fs_reads_bytes_total', device);
    // The firmware reads some sectors before the guest does.
    expect(Math.abs(read - (after.readBytes ?? 0) * 512)).toBeLessThan(64 * 1024);
    // QEMU may join several of the guest's.
    expect(value(rows, 'container_fs_writes_total', device)).toBeLessThanOrEqual(after.writes ?? 0);
    expect(value(rows, 'container_fs_writes_total', device)).toBeGreaterThan(0);
    expect(value(rows, 'container_fs_write_seconds_total', device)).toBeGreaterThan(0);
  });

  test('file systems are as full as `df` in the guest says', async () => {
    await run('dd if=/dev/zero of=/mnt/data/more bs=1M count=3 conv=fsync');
    const use = { device: 'vda' };
    await expect
      .poll(async () => value(await observed.read(), 'container_fs_usage_bytes', use) > 11 * MIB, {
        timeout: 10_000,
        interval: 500,
      })
      .toBe(true);
    const [, , used = '', available = ''] = (await run('df -k /dev/vda | tail -1')).split(/ +/);
    const rows = await observed.read();
    expect(value(rows, 'container_fs_usage_bytes', use)).toBe(Number(used) * 1024);
    expect(value(rows, 'container_fs_limit_bytes', use)).toBe(
      (Number(used) + Number(available)) * 1024,
    );
  });

  test('names, cgroup, start and limits', async () => {
    const rows = await observed.read();
    const all = { container: 'vm', pod: 'web', namespace: 'default', name: 'guest', image: '' };
    for (const { labels } of rows) expect(labels).toMatchObject(all);
    const ids = new Set(rows.map(({ labels }) => labels.id));
    expect(ids.size).toBe(1);
    const [id = ''] = ids;
    expect(cgroupMounts().some((mount) => existsSync(join(mount, id)))).toBe(true);
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
    const ticks = Number(statOf(libvirtd.pidOf('guest'))[19]);
    const start = value(rows, 'container_start_time_seconds');
    expect(Math.abs(start - (boot + ticks / 100))).toBeLessThanOrEqual(1);
    expect(value(rows, 'container_spec_cpu_quota')).toBe(200_000);
    expect(value(rows, 'container_spec_cpu_shares')).toBe(512);
    expect(value(rows, 'container_spec_memory_reservation_limit_bytes')).toBe(128 * MIB);
    expect(value(rows, 'libvirt_domain_vcpu_current')).toBe(2);
    expect(observed.log).toEqual([]);
    expect(observed.own('bad points')).toBe(0);
  });

  test('a guest that boots anew counts anew; a paused one tells nothing of its memory', async () => {
    const fault = { failure_type: 'pgfault', scope: 'container' };
    const metric = 'container_memory_failures_total';
    const before = value(await observed.read(), metric, fault);
    libvirtd.virsh('reset', 'guest');
    await sleep(500);
    await untilAgent(libvirtd, 'guest');
    await run('touch /tmp/stop');
    await sleep(2500);
    const rows = await observed.read();
    expect(value(rows, metric, fault)).toBeLessThan(before);
    expect(observed.own('sandgauge_source_dropped_points', { source: 'libvirt' })).toBe(0);
    libvirtd.virsh('suspend', 'guest');
    await sleep(12_000);
    const paused = await observed.read();
    expect(paused.filter(({ metric: name }) => name === 'container_memory_usage_bytes')).toEqual(
      [],
    );
    const state = { state_desc: 'the domain is paused by user' };
    expect(value(paused, 'libvirt_domain_info_state', state)).toBe(3);
    expect(value(paused, 'container_cpu_usage_seconds_total')).toBeGreaterThan(0);
  });
});

/** Fields of /proc/<pid>/stat from the third on. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function cpuSeconds(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
