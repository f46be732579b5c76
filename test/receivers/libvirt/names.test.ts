import { linkSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { libvirt } from '../../../src/receivers/libvirt/factory.ts';
import { writeContainerd } from '../../support/bundles.ts';
import { refuse } from '../../support/libvirt/replies.ts';
import {
  domain,
  domainXml,
  find,
  PROCEDURE,
  RUNNING,
  TOLD_MILLIS,
  UUID,
  useServed,
  valuesOf,
} from '../../support/libvirt/served.ts';
import { type Row, runObserved } from '../../support/observed.ts';

const served = useServed();

describe('names', () => {
  test('of virtlet, by the name and the log of a domain', async () => {
    const log = '/var/log/pods/shop_web-0_69eec606-0493-5825-73a4-c5e0c0236155/vm/0.log';
    const env = `<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
      <qemu:env name='VIRTLET_CONTAINER_LOG_PATH' value='${log}'/></qemu:commandline>`;
    const name = 'virtlet-231700d5-c9a6-my-vm';
    served.serve([[domain(name), RUNNING]], domainXml(name, env));
    const rows = await (await served.start()).read();
    const who = { container: 'my-vm', namespace: 'shop', pod: 'web-0', name };
    expect(rows.length).toBeGreaterThan(0);
    for (const { labels } of rows) expect(labels).toMatchObject(who);
  });

  test('of others, by a mapping', async () => {
    const nova = `<metadata><n:instance xmlns:n='http://openstack.org/xmlns/libvirt/nova/1.1'>
      <n:name>db</n:name><n:owner><n:project uuid='p1'>shop</n:project></n:owner>
      <n:root type='image' uuid='i1'/></n:instance></metadata>`;
    served.serve([[domain('instance-0000002a'), RUNNING]], domainXml('instance-0000002a', nova));
    const rows = await (
      await served.start(`labels:
  pod: instance/name
  namespace: instance/owner/project@uuid
  image: instance/root@uuid
  container: instance/absent`)
    ).read();
    const who = {
      pod: 'db',
      namespace: 'p1',
      image: 'i1',
      container: '',
      name: 'instance-0000002a',
    };
    expect(find(rows, 'container_cpu_usage_seconds_total')[0]?.labels).toMatchObject(who);
  });

  test('globs choose domains', async () => {
    served.serve([
      [domain('a-1'), RUNNING],
      [domain('a-2', 2), RUNNING],
      [domain('b-1', 3), RUNNING],
    ]);
    const rows = await (await served.start('domains: {include: [a-*], exclude: [a-2]}')).read();
    expect(new Set(rows.map(({ labels }) => labels.name))).toEqual(new Set(['a-1']));
    expect(served.double.asked.filter((each) => each === PROCEDURE.xml)).toHaveLength(1);
  });

  test.each([
    ['uri: qemu+tcp://host/system', 'uri', 'tcp is not supported'],
    ['uri: qemu+tls:///system', 'uri', 'tls is not supported'],
    ['uri: xen:///', 'uri', 'xen is not supported'],
    ['sockets: [run/libvirt.sock]', 'sockets', 'no absolute path'],
    ['labels: {pod: "a//b"}', 'labels::pod', 'no path below <metadata>'],
  ])('%s is a clear error', async (yaml, key, text) => {
    const run = runObserved({ factory: libvirt, receiver: yaml, observer: '' }, Date.now);
    await expect(run).rejects.toThrow(`receivers::libvirt::${key}: `);
    await expect(
      runObserved({ factory: libvirt, receiver: yaml, observer: '' }, Date.now),
    ).rejects.toThrow(text);
  });
});

describe('KubeVirt', () => {
  const kubevirt = `<metadata><kubevirt xmlns='http://kubevirt.io'><uid>u</uid></kubevirt></metadata>
    <devices><memballoon><stats period='2'/></memballoon></devices>`;
  const stats = {
    ...RUNNING,
    ...{ 'balloon.current': 1024, 'balloon.available': 1000, 'balloon.unused': 400 },
    ...{ 'balloon.rss': 2048, 'balloon.last-update': TOLD_MILLIS / 1000 },
    ...{ 'block.0.name': 'vda', 'block.0.rd.reqs': 1, 'block.0.wr.reqs': 2, 'block.0.wr.bytes': 9 },
    ...{ 'net.0.name': 'tap0', 'net.0.rx.bytes': 7, 'net.0.rx.pkts': 1, 'net.0.tx.pkts': 1 },
  };
  const podUid = '69eec606-0493-4825-83a4-c5e0c0236155';
  const id = 'a'.repeat(64);
  const cgroup = `/kubepods.slice/kubepods-pod${podUid.replaceAll('-', '_')}.slice/cri-containerd-${id}.scope`;
  const compute = { container: 'compute', pod: 'virt-launcher-db-x7k2p', namespace: 'shop' };
  beforeEach(() => served.serve([[domain('shop_db'), stats]], domainXml('shop_db', kubevirt)));

  function expectGuestRows(rows: readonly Row[], labels: Record<string, string>): void {
    expect(rows.filter(({ metric }) => metric.startsWith('container_'))).toEqual([]);
    for (const row of rows) expect(row.labels).toMatchObject(labels);
    expect(valuesOf(rows, 'libvirt_domain_info_cpu_time_seconds_total')).toEqual([5]);
    expect(valuesOf(rows, 'libvirt_domain_memory_stats_unused_bytes')).toEqual([400 * 1024]);
    const target = (text: string) => ({ target_device: text });
    const written = 'libvirt_domain_block_stats_write_bytes_total';
    expect(valuesOf(rows, written, target('vda'))).toEqual([9]);
    const received = 'libvirt_domain_interface_stats_receive_bytes_total';
    expect(valuesOf(rows, received, target('tap0'))).toEqual([7]);
  }

  test("the guest's rows stand under the labels of the container that the daemon is in", async () => {
    served.root.write('proc/4242/cgroup', `0::${cgroup}\n`);
    const run = join(served.root.path, 'proc/4242/root/run/libvirt');
    mkdirSync(run, { recursive: true });
    mkdirSync(join(served.root.path, 'proc/self'), { recursive: true });
    writeContainerd(served.root, { id, podUid, ...compute });
    // Under another name, where it is found.
    linkSync(served.double.socket, join(run, 'virtqemud-sock'));
    // The same socket, seen through another process of the container.
    mkdirSync(join(served.root.path, 'proc/4243'));
    symlinkSync('../4242/root', join(served.root.path, 'proc/4243/root'));
    const each = await served.start(
      `root_path: ${served.root.path}\nsockets: [/proc/*/root/run/libvirt/virtqemud-sock]`,
    );
    expectGuestRows(await each.read(), { ...compute, id: cgroup });
    expect(each.own('sandgauge_source_daemons', { source: 'libvirt', state: 'up' })).toBe(1);
  });

  test('without any way to the container its own name tells the namespace', async () => {
    const each = await served.start();
    expectGuestRows(await each.read(), {
      ...{ container: 'compute', pod: '', namespace: 'shop', id: UUID },
    });
  });

  test('a daemon of a user, as in a virt-launcher that is not root', async () => {
    const opened: string[] = [];
    served.double.answers.set(PROCEDURE.open, (call) => {
      const uri = call.args.subarray(8, 8 + call.args.readUInt32BE(4)).toString();
      opened.push(uri);
      if (uri === 'qemu:///session') call.reply(Buffer.alloc(0));
      else refuse(call, 1, "unexpected QEMU URI path '/system'");
    });
    const each = await served.start(`sockets: [${served.double.socket}]`);
    expect((await each.read()).length).toBeGreaterThan(0);
    expect(opened).toEqual(['qemu:///system', 'qemu:///session']);
    expect(each.log).toEqual([]);
  });

  test('a link that a tenant made is not followed', async () => {
    const run = join(served.root.path, 'proc/4242/root/run');
    mkdirSync(run, { recursive: true });
    symlinkSync(join(served.double.socket, '..'), join(run, 'libvirt'));
    const each = await served.start(
      `root_path: ${served.root.path}\nsockets: [/proc/*/root/run/libvirt/sock]`,
    );
    expect(await each.read()).toEqual([]);
    expect(served.double.asked).toEqual([]);
  });
});
