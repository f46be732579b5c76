import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectLibvirt } from '../../../src/platform/libvirt/client.ts';
import { parseLibvirtUri } from '../../../src/platform/libvirt/uri.ts';
import { libvirt } from '../../../src/receivers/libvirt/factory.ts';
import { LIBVIRT_NEEDS, startLibvirtd, type TestLibvirtd } from '../../support/libvirt/libvirtd.ts';
import { type Observed, type Row, runObserved } from '../../support/observed.ts';
import { isMissing } from '../../support/peers.ts';

const CPU = 'container_cpu_usage_seconds_total';
const BALLOON = 'libvirt_domain_memory_stats_rss_bytes';
const NAMES = Array.from({ length: 10 }, (_, i) => `vm-${i}`);
const CALL_MILLIS = 1000;

const isSkipped = isMissing('the libvirt receiver with real daemons', LIBVIRT_NEEDS);

describe.skipIf(isSkipped)('ten domains of a real daemon', { timeout: 60_000 }, () => {
  let libvirtd: TestLibvirtd;
  let observed: Observed;
  beforeAll(async () => {
    libvirtd = await startLibvirtd('faults');
    for (const name of NAMES) libvirtd.create({ name }, 'paused');
  }, 120_000);
  afterAll(() => libvirtd?.stop());
  afterEach(() => observed?.shutdown());

  async function start(where?: string): Promise<Observed> {
    const receiver = `${where ?? `uri: qemu:///system?socket=${libvirtd.readOnlySocket}`}
call_timeout: ${CALL_MILLIS}ms
`;
    observed = await runObserved({ factory: libvirt, receiver, observer: '' }, Date.now);
    return observed;
  }

  const namesWith = (rows: readonly Row[], metric: string) =>
    rows.filter((row) => row.metric === metric).map(({ labels }) => labels.name);
  const without = (name: string) => NAMES.filter((each) => each !== name);
  const state = (kind: string, name: string) =>
    observed.own(`sandgauge_source_${kind}`, { source: 'libvirt', state: name });
  async function read(): Promise<{ rows: Row[]; millis: number }> {
    const begin = performance.now();
    const rows = await observed.read();
    return { rows, millis: performance.now() - begin };
  }

  test('one QEMU that hangs: the rest goes on, it is said once, nothing piles up', async () => {
    const each = await start();
    expect(namesWith(await each.read(), BALLOON).sort()).toEqual(NAMES);
    const hung = libvirtd.pidOf('vm-3');
    process.kill(hung, 'SIGSTOP');
    try {
      const first = await read();
      expect(namesWith(first.rows, BALLOON).sort()).toEqual(without('vm-3'));
      expect(first.millis).toBeLessThan(CALL_MILLIS + 1500);
      // What needs no QEMU is known of it too.
      expect(namesWith(first.rows, CPU).sort()).toEqual(NAMES);
      for (let round = 0; round < 12; round++) {
        const later = await read();
        expect(namesWith(later.rows, BALLOON).sort()).toEqual(without('vm-3'));
        expect(later.millis).toBeLessThan(CALL_MILLIS);
      }
      expect(each.log).toHaveLength(1);
      expect(each.log[0]).toContain('Domain hangs; what only its QEMU knows is absent');
      expect([state('domains', 'failing'), state('domains', 'up')]).toEqual([1, 9]);
      expect(state('daemons', 'up')).toBe(1);
      // A worker of the daemon is held by one call, and there are others: nobody else is kept out.
      expect(libvirtd.virsh('domstate', 'vm-4')).toContain('paused');
    } finally {
      process.kill(hung, 'SIGCONT');
    }
    await expect
      .poll(async () => namesWith(await each.read(), BALLOON).length, { timeout: 10_000 })
      .toBe(10);
    expect(each.log).toHaveLength(2);
    expect(each.log[1]).toContain('Domain answers again');
  });

  test('two that hang at once', async () => {
    const each = await start();
    await each.read();
    const hung = ['vm-2', 'vm-7'].map((name) => libvirtd.pidOf(name));
    for (const pid of hung) process.kill(pid, 'SIGSTOP');
    try {
      await each.read();
      await each.read();
      const others = NAMES.filter((name) => name !== 'vm-2' && name !== 'vm-7');
      const later = await read();
      expect(namesWith(later.rows, BALLOON).sort()).toEqual(others);
      expect(later.millis).toBeLessThan(CALL_MILLIS);
      expect(state('domains', 'failing')).toBe(2);
    } finally {
      for (const pid of hung) process.kill(pid, 'SIGCONT');
    }
    await expect.poll(async () => namesWith(await each.read(), BALLOON).length).toBe(10);
  });

  test('so many that hang that nobody can be asked: states and interfaces go on', async () => {
    const each = await start();
    await each.read();
    const hung = NAMES.slice(0, 3).map((name) => libvirtd.pidOf(name));
    for (const pid of hung) process.kill(pid, 'SIGSTOP');
    try {
      await each.read();
      const { rows, millis } = await read();
      expect(millis).toBeLessThan(CALL_MILLIS);
      expect(namesWith(rows, 'libvirt_domain_info_state').sort()).toEqual(NAMES);
      expect(namesWith(rows, 'container_network_receive_bytes_total').sort()).toEqual(NAMES);
      expect(each.log.join()).toContain('Several domains hang');
      // The daemon still has workers for others.
      const uri = `qemu:///system?socket=${libvirtd.readOnlySocket}`;
      const client = await connectLibvirt(
        parseLibvirtUri(uri, { isReadOnly: true }),
        performance.now() + 2000,
      );
      expect(await client.listDomains('active', performance.now() + 2000)).toHaveLength(10);
      client.close();
    } finally {
      for (const pid of hung) process.kill(pid, 'SIGCONT');
    }
    await expect
      .poll(async () => namesWith(await each.read(), BALLOON).length, { timeout: 10_000 })
      .toBe(10);
    expect(each.log.at(-1)).toContain('Domains answer again');
  });

  test('a domain that is made anew under its name is another', async () => {
    const each = await start();
    const idOf = (rows: readonly Row[]) =>
      rows.filter(({ metric, labels }) => metric === CPU && labels.name === 'vm-9');
    const [before] = idOf(await each.read());
    libvirtd.virsh('destroy', 'vm-9');
    expect(namesWith(await each.read(), CPU).sort()).toEqual(without('vm-9'));
    libvirtd.create({ name: 'vm-9' }, 'paused');
    const [after] = idOf(await each.read());
    expect(after?.labels.id).not.toBe(before?.labels.id);
    expect(each.own('sandgauge_source_dropped_points', { source: 'libvirt' })).toBe(0);
    expect(each.log).toEqual([]);
  });

  test('domains that end while they are read', async () => {
    const each = await start();
    for (let round = 0; round < 4; round++) {
      const reading = each.read();
      libvirtd.virsh('destroy', 'vm-8');
      const names = namesWith(await reading, CPU);
      expect(names.length).toBeGreaterThanOrEqual(9);
      libvirtd.create({ name: 'vm-8' }, 'paused');
    }
    expect(namesWith(await each.read(), CPU)).toHaveLength(10);
    expect(each.log).toEqual([]);
  });

  test('the daemon restarts: counters go on, series stay the same', async () => {
    const each = await start();
    const cpuOf = (rows: readonly Row[]) =>
      new Map(
        rows
          .filter(({ metric }) => metric === CPU)
          .map(({ labels, value }) => [JSON.stringify(labels), value]),
      );
    const before = cpuOf(await each.read());
    await libvirtd.kill();
    // It takes its socket along when it ends, or leaves one that nobody listens on.
    expect(await each.read()).toEqual([]);
    expect(state('daemons', 'absent')).toBe(1);
    await libvirtd.start();
    await expect
      .poll(async () => cpuOf(await each.read()).size, { timeout: 10_000, interval: 300 })
      .toBe(10);
    const after = cpuOf(await each.read());
    for (const [labels, value] of before) {
      expect(after.get(labels)).toBeGreaterThanOrEqual(value);
    }
    expect(each.log).toEqual([]);
    expect(each.own('sandgauge_source_dropped_points', { source: 'libvirt' })).toBe(0);
  });

  test('a daemon that is killed, and one that is absent at the start', async () => {
    await libvirtd.kill('SIGKILL');
    const each = await start(`sockets: [${libvirtd.folder}/run/lib*/libvirt-sock-ro]`);
    expect(await each.read()).toEqual([]);
    expect(state('daemons', 'absent')).toBe(1);
    await libvirtd.start();
    expect(namesWith(await each.read(), CPU)).toHaveLength(10);
    expect(each.log).toEqual([]);
  });
});
