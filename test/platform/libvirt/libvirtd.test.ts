import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { domainCgroups } from '../../../src/platform/libvirt/cgroup-name.ts';
import {
  connectLibvirt,
  type LibvirtClient,
  STATS_GROUP,
} from '../../../src/platform/libvirt/client.ts';
import type { Domain } from '../../../src/platform/libvirt/domain.ts';
import { type DomainRecord, parseDomainStats } from '../../../src/platform/libvirt/domain-stats.ts';
import { parseDomainXml } from '../../../src/platform/libvirt/domain-xml.ts';
import {
  ERROR_CODE,
  isDenied,
  LibvirtError,
  LibvirtTimeout,
} from '../../../src/platform/libvirt/errors.ts';
import { GUEST_INFO, parseGuestFilesystems } from '../../../src/platform/libvirt/guest-info.ts';
import { LIFECYCLE, type LifecycleEvent } from '../../../src/platform/libvirt/lifecycle.ts';
import { parseLibvirtUri } from '../../../src/platform/libvirt/uri.ts';
import { cgroupMounts } from '../../support/cgroup-v1.ts';
import { makeGuestImage } from '../../support/libvirt/guest.ts';
import { LIBVIRT_NEEDS, startLibvirtd, type TestLibvirtd } from '../../support/libvirt/libvirtd.ts';
import { isMissing } from '../../support/peers.ts';

const METADATA = `<v:pod xmlns:v='https://virtlet.example/meta'><v:name>web</v:name></v:pod>`;
const SCRIPT = 'dd if=/dev/zero of=/mnt/data/file bs=1M count=5; sync';
const ALL = { groups: 0, domains: 'active' } as const;
const BOOT_MILLIS = 90_000;

const isSkipped = isMissing('a real libvirtd', LIBVIRT_NEEDS);

function soon(millis = 20_000): number {
  return performance.now() + millis;
}

describe.skipIf(isSkipped)('a real libvirtd', { timeout: 120_000 }, () => {
  let libvirtd: TestLibvirtd;
  const clients: LibvirtClient[] = [];
  beforeAll(async () => {
    libvirtd = await startLibvirtd('platform');
    const image = makeGuestImage(libvirtd.folder, SCRIPT);
    const printed = join(libvirtd.folder, 'console.log');
    const spec = {
      memoryMib: 192,
      vcpus: 2,
      metadata: METADATA,
      extra: '<iothreads>1</iothreads>',
    };
    libvirtd.create({ name: 'guest', ...spec, image, console: printed });
    for (const name of ['idle-1', 'idle-2', 'idle-3']) libvirtd.create({ name }, 'paused');
    const end = soon(BOOT_MILLIS);
    const isUp = () =>
      existsSync(printed) && readFileSync(printed, 'utf8').includes('guest script ended');
    while (!isUp() && performance.now() < end) await sleep(200);
  }, 120_000);
  afterAll(async () => {
    for (const client of clients) client.close();
    await libvirtd?.stop();
  });

  async function open(socket = libvirtd.readOnlySocket): Promise<LibvirtClient> {
    const isReadOnly = socket.endsWith('-ro');
    const target = parseLibvirtUri(`qemu:///system?socket=${socket}`, { isReadOnly });
    const client = await connectLibvirt(target, soon());
    clients.push(client);
    return client;
  }

  async function find(client: LibvirtClient, name: string): Promise<Domain> {
    const domains = await client.listDomains('all', soon());
    return domains.find((domain) => domain.name === name) as Domain;
  }

  /** As virsh prints them. */
  function textsOf({ layout, values }: DomainRecord): Map<string, string> {
    return new Map(layout.keys.map((key, i) => [key, String(values[i])]));
  }

  function virshStats(domain: string): Map<string, string> {
    const lines = libvirtd.virsh('domstats', '--raw', domain).split('\n');
    const pairs = lines.filter((line) => line.includes('=')).map((line) => line.trim());
    return new Map(
      pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.replace(/^[^=]*=/, '')]),
    );
  }

  test('the filesystems that the agent tells, and whether it is there', async () => {
    const client = await open(libvirtd.socket);
    const domain = await find(client, 'guest');
    const info = () => client.readGuestInfo(domain, GUEST_INFO.filesystem, soon());
    await expect.poll(() => info().then(() => 'up', String), { timeout: 30_000 }).toBe('up');
    const [filesystem, ...others] = parseGuestFilesystems(await info());
    expect(others).toEqual([]);
    const printed = libvirtd.virsh('guestinfo', '--filesystem', 'guest');
    expect(printed).toMatch(new RegExp(`fs.0.used-bytes +: ${filesystem?.usedBytes}\n`));
    expect(printed).toMatch(new RegExp(`fs.0.total-bytes +: ${filesystem?.totalBytes}\n`));
    expect(filesystem).toMatchObject({ mountpoint: '/mnt/data', name: 'vda' });
    expect(filesystem?.usedBytes).toBeGreaterThan(5 * 2 ** 20);
    const without = await find(client, 'idle-1');
    const error = await client
      .readGuestInfo(without, GUEST_INFO.filesystem, soon())
      .catch((e) => e);
    expect(error).toBeInstanceOf(LibvirtError);
    expect(isDenied(error)).toBe(false);
  });

  test('a connection that may only read is not given to the agent', async () => {
    const client = await open();
    const domain = await find(client, 'guest');
    const error = await client.readGuestInfo(domain, GUEST_INFO.filesystem, soon()).catch((e) => e);
    expect(error).toMatchObject({ errorNumber: ERROR_CODE.operationDenied });
    expect(isDenied(error)).toBe(true);
  });

  test('the XML, and the cgroup that it leads to', async () => {
    const client = await open();
    const domain = await find(client, 'guest');
    const xml = await client.readDomainXml(domain, soon());
    expect(xml.trim()).toBe(libvirtd.virsh('dumpxml', 'guest').trim());
    const parsed = parseDomainXml(xml);
    expect(parsed).toMatchObject({
      ...{
        name: 'guest',
        uuid: domain.uuid,
        currentMemoryBytes: 192 * 2 ** 20,
        isAgentConnected: true,
      },
      vcpus: { current: 2, maximum: 2 },
      metadata: [{ name: 'pod', children: [{ name: 'name', text: 'web' }] }],
      balloonPeriodSeconds: 1,
      disks: [{ target: 'vda' }],
    });
    const [, cgroup = ''] = domainCgroups(domain, parsed.partition);
    expect(cgroup.startsWith(`${libvirtd.cgroup}/`)).toBe(true);
    expect(cgroupMounts().some((mount) => existsSync(join(mount, cgroup)))).toBe(true);
    const own = readFileSync(`/proc/${libvirtd.pidOf('guest')}/cgroup`, 'utf8');
    expect(own).toContain(`${cgroup}\n`);
  });

  test('`virsh domstats --raw` has the same keys and values, for a paused guest', async () => {
    const client = await open();
    const domain = await find(client, 'guest');
    libvirtd.virsh('suspend', 'guest');
    const request = { groups: 0, domains: [domain] };
    const read = async () =>
      textsOf((await client.readDomainStats(request, soon()))[0] as DomainRecord);
    const before = await read();
    const printed = virshStats('guest');
    const after = await read();
    libvirtd.virsh('resume', 'guest');
    expect([...before.keys()]).toEqual([...printed.keys()]);
    expect(printed.size).toBeGreaterThan(60);
    expect(printed.get('state.state')).toBe('3');
    // To be asked costs QEMU itself some time and memory.
    const moving = /^(cpu\.(time|user|system)|balloon\.rss|net\.0\.[rt]x\.(bytes|pkts))$/;
    for (const [key, text] of printed) {
      if (!moving.test(key)) expect([key, before.get(key)]).toEqual([key, text]);
      else {
        expect(Number(text)).toBeGreaterThanOrEqual(Number(before.get(key)));
        expect(Number(text)).toBeLessThanOrEqual(Number(after.get(key)));
      }
    }
  });

  test('groups, domains and selections', async () => {
    const client = await open();
    expect(await client.readVersion(soon())).toBeGreaterThan(5_000_000);
    const names = (await client.listDomains('active', soon())).map(({ name }) => name).sort();
    expect(names).toEqual(['guest', 'idle-1', 'idle-2', 'idle-3']);
    const state = { groups: STATS_GROUP.state, domains: 'all' } as const;
    const states = await client.readDomainStats(state, soon());
    expect(states.map(({ domain }) => domain.name).sort()).toEqual(names);
    for (const { layout } of states) expect(layout.keys).toEqual(['state.state', 'state.reason']);
    const domains = [await find(client, 'idle-2'), await find(client, 'guest')];
    const groups = STATS_GROUP.cpu + STATS_GROUP.block;
    const some = await client.readDomainStats({ groups, domains }, soon());
    expect(some.map(({ domain }) => domain)).toEqual(domains);
    const { cpu, blocks, state: none } = parseDomainStats(some[1] as DomainRecord);
    expect([cpu?.timeNanos, blocks.length, none]).toEqual([expect.any(Number), 1, undefined]);
    expect(blocks[0]?.writeBytes).toBeGreaterThan(5 * 2 ** 20);
  });

  test('a domain that is gone is left out, or an error of its own; events tell it', async () => {
    const client = await open();
    const events: LifecycleEvent[] = [];
    await client.watchLifecycle((event) => events.push(event), soon());
    const gone = await find(client, 'idle-3');
    const stays = await find(client, 'idle-1');
    libvirtd.virsh('destroy', 'idle-3');
    const request = { groups: 0, domains: [gone, stays] };
    const records = await client.readDomainStats(request, soon());
    expect(records.map(({ domain }) => domain)).toEqual([stays]);
    await expect(client.readDomainXml(gone, soon())).rejects.toMatchObject({
      errorNumber: ERROR_CODE.noDomain,
    });
    await expect.poll(() => events.map(({ event }) => event)).toContain(LIFECYCLE.stopped);
    expect(events.find(({ event }) => event === LIFECYCLE.stopped)?.domain.uuid).toBe(gone.uuid);
    libvirtd.create({ name: 'idle-3' }, 'paused');
    const again = await find(client, 'idle-3');
    expect(again.uuid).not.toBe(gone.uuid);
    // The old uuid does not lead to the new domain of that name.
    expect(await client.readDomainStats({ groups: 0, domains: [gone] }, soon())).toEqual([]);
  });

  test('one QEMU that is stopped: the others answer, nothing piles up', async () => {
    const client = await open();
    const hung = libvirtd.pidOf('idle-2');
    process.kill(hung, 'SIGSTOP');
    try {
      await expect(client.readDomainStats(ALL, soon(1500))).rejects.toBeInstanceOf(LibvirtTimeout);
      expect(client).toMatchObject({ isOpen: true, stuck: 1 });
      const state = { groups: STATS_GROUP.state, domains: 'all' } as const;
      expect(await client.readDomainStats(state, soon())).toHaveLength(4);
      const domains = (await client.listDomains('active', soon())).filter(
        ({ name }) => name !== 'idle-2',
      );
      expect(await client.readDomainStats({ groups: 0, domains }, soon())).toHaveLength(3);
      // The call that hangs holds the domain, so that others do not wait for it.
      const records = await client.readDomainStats(ALL, soon());
      const sizes = new Map(records.map(({ domain, values }) => [domain.name, values.length]));
      expect(sizes.get('idle-2')).toBeLessThan(sizes.get('idle-1') as number);
      expect(client.stuck).toBe(1);
    } finally {
      process.kill(hung, 'SIGCONT');
    }
    await expect.poll(() => client.lateReplies, { timeout: 20_000 }).toBe(1);
    expect(client).toMatchObject({ isOpen: true, stuck: 0 });
    expect(await client.readDomainStats(ALL, soon())).toHaveLength(4);
  });

  test('the test driver, and a node of 500 domains', async () => {
    const node = join(libvirtd.folder, 'node.xml');
    const domains = Array.from(
      { length: 500 },
      (_, i) =>
        `<domain type='test'><name>d${i}</name><memory>8192</memory><os><type>hvm</type></os></domain>`,
    );
    writeFileSync(node, `<node>${domains.join('')}</node>`);
    const counts: number[] = [];
    for (const uri of ['test:///default', `test://${node}`]) {
      const access = { isReadOnly: true };
      const target = parseLibvirtUri(`${uri}?socket=${libvirtd.readOnlySocket}`, access);
      const client = await connectLibvirt(target, soon());
      const listed = await client.listDomains('active', soon());
      const records = await client.readDomainStats(ALL, soon());
      expect(records.map(({ domain }) => domain)).toEqual(listed);
      for (const record of records) expect(parseDomainStats(record).state?.state).toBe(1);
      const xml = await client.readDomainXml(listed[0] as Domain, soon());
      expect(parseDomainXml(xml).name).toBe(listed[0]?.name);
      counts.push(listed.length);
      client.close();
    }
    expect(counts).toEqual([1, 500]);
  });

  test('the daemon gives signs of life, and is given up when it does not', async () => {
    const target = parseLibvirtUri(`qemu:///system?socket=${libvirtd.socket}`, {
      isReadOnly: true,
    });
    const client = await connectLibvirt(target, soon(), { intervalMillis: 200, count: 2 });
    clients.push(client);
    await sleep(1500);
    expect(client.isOpen).toBe(true);
    libvirtd.pause();
    try {
      await expect.poll(() => client.isOpen, { timeout: 10_000 }).toBe(false);
      await expect(client.readVersion(soon())).rejects.toThrow('no sign of life');
    } finally {
      libvirtd.resume();
    }
  });

  test('the daemon ends in the middle of a call, is absent, and is back', async () => {
    const client = await open();
    const hung = libvirtd.pidOf('idle-2');
    process.kill(hung, 'SIGSTOP');
    const call = client.readDomainStats(ALL, soon()).catch((error) => error);
    await sleep(300);
    await libvirtd.kill('SIGKILL');
    process.kill(hung, 'SIGCONT');
    expect(await call).toMatchObject({ reason: 'failed' });
    expect(client.isOpen).toBe(false);
    await expect(open()).rejects.toMatchObject({ reason: 'absent' });
    await libvirtd.start();
    const records = await (await open()).readDomainStats(ALL, soon());
    expect(records).toHaveLength(4);
  });
});
