import { linkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type DoubleCall, startDouble } from '../../support/libvirt/double.ts';
import { recordedReply } from '../../support/libvirt/recorded.ts';
import { refuse, statsReply, textReply } from '../../support/libvirt/replies.ts';
import {
  domain,
  find,
  PROCEDURE,
  RUNNING,
  TOLD_MILLIS,
  UUID,
  useServed,
  valuesOf,
} from '../../support/libvirt/served.ts';
import type { Observed } from '../../support/observed.ts';

const served = useServed();

describe('the recorded reply of a real daemon', () => {
  test("the guest's memory, and no allocation", async () => {
    const rows = await (await served.start()).read();
    const memory = (name: string) => valuesOf(rows, `container_memory_${name}`);
    expect(memory('usage_bytes')).toEqual([(157_832 - 115_676) * 1024]);
    expect(memory('working_set_bytes')).toEqual([(157_832 - 124_228) * 1024]);
    expect(memory('cache')).toEqual([13_860 * 1024]);
    expect(memory('rss')).toEqual([272_660 * 1024]);
    expect(valuesOf(rows, 'container_spec_memory_limit_bytes')).toEqual([196_608 * 1024]);
    const faults = { failure_type: 'pgfault', scope: 'container' };
    expect(valuesOf(rows, 'container_memory_failures_total', faults)).toEqual([1933]);
    expect(valuesOf(rows, 'container_fs_writes_bytes_total', { device: 'vda' })).toEqual([
      5_261_312,
    ]);
    // What the image takes is no use of a file system, its size is a limit.
    expect(find(rows, 'container_fs_usage_bytes')).toEqual([]);
    expect(valuesOf(rows, 'container_fs_limit_bytes', { device: 'vda' })).toEqual([67_108_864]);
    const who = {
      container: '',
      id: UUID,
      name: 'tiny0',
      namespace: 'default',
      pod: 'cirros-vm',
    };
    for (const { labels } of rows) expect(labels).toMatchObject(who);
    // Nobody counted what the virtual CPUs waited.
    expect(find(rows, 'libvirt_domain_vcpu_wait_seconds_total')).toEqual([]);
  });

  test('a guest that has not told of late is unknown', async () => {
    served.time = TOLD_MILLIS + 60_000;
    const rows = await (await served.start()).read();
    for (const name of ['usage_bytes', 'working_set_bytes', 'cache', 'failures_total']) {
      expect(find(rows, `container_memory_${name}`)).toEqual([]);
    }
    expect(find(rows, 'libvirt_domain_memory_stats_unused_bytes')).toEqual([]);
    expect(valuesOf(rows, 'container_memory_rss')).toEqual([272_660 * 1024]);
  });

  test('a guest that is not to tell has the view of the host', async () => {
    const recorded = recordedReply('exchange.txt', PROCEDURE.xml).subarray(4).toString();
    const xml = recorded.replace("<stats period='1'/>", '').replaceAll('\0', '');
    expect(xml.length).toBeLessThan(recorded.length - 10);
    served.double.answers.set(PROCEDURE.xml, (call) => call.reply(textReply(xml)));
    const rows = await (await served.start()).read();
    expect(valuesOf(rows, 'container_memory_usage_bytes')).toEqual([272_660 * 1024]);
    expect(valuesOf(rows, 'container_memory_working_set_bytes')).toEqual([272_660 * 1024]);
    expect(find(rows, 'container_memory_cache')).toEqual([]);
  });

  test('its agent', async () => {
    const each = await served.start('guest_filesystems: agent');
    expect(find(await each.read(), 'container_fs_limit_bytes')).toEqual([]);
    const use = async () =>
      valuesOf(await each.read(), 'container_fs_usage_bytes', { device: 'vda' });
    await expect.poll(use).toHaveLength(1);
    expect(each.log).toEqual([]);
  });

  test('only the groups that are wanted are asked for, and never all by none', async () => {
    const masks: number[] = [];
    served.double.answers.set(PROCEDURE.stats, (call) => {
      masks.push(call.args.readUInt32BE(4));
      call.reply(statsReply([]));
    });
    await (await served.start('groups: [cpu, block, dirtyrate]')).read();
    expect(masks).toEqual([2 + 32 + 512]);
  });
});

describe('what goes wrong', () => {
  test('a domain that ends in the middle of a pass', async () => {
    const [gone, stays] = [domain('gone', 7), domain('stays', 8)];
    served.serve([
      [gone, RUNNING],
      [stays, RUNNING],
    ]);
    served.double.answers.set(PROCEDURE.xml, (call) => {
      const isGone = call.args.readInt32BE(call.args.length - 8) === 7;
      if (isGone) refuse(call, 42, 'Domain not found');
      else call.reply(recordedReply('exchange.txt', PROCEDURE.xml));
    });
    served.double.answers.set(PROCEDURE.stats, (call) =>
      call.reply(statsReply([[stays, RUNNING]])),
    );
    const each = await served.start();
    expect(new Set((await each.read()).map(({ labels }) => labels.name))).toEqual(
      new Set(['stays']),
    );
    expect(each.log).toEqual([]);
  });

  test('a name that moves to a new uuid is another domain', async () => {
    const each = await served.start();
    served.serve([
      [
        { ...domain('db'), uuid: UUID },
        { ...RUNNING, 'cpu.time': 9e9 },
      ],
    ]);
    const before = find(await each.read(), 'container_cpu_usage_seconds_total');
    const other = UUID.replace(/^1/, '2');
    served.serve([
      [
        { ...domain('db', 2), uuid: other },
        { ...RUNNING, 'cpu.time': 1e9 },
      ],
    ]);
    const after = find(await each.read(), 'container_cpu_usage_seconds_total');
    expect(before.map(({ labels, value }) => [labels.id, value])).toEqual([[UUID, 9]]);
    expect(after.map(({ labels, value }) => [labels.id, value])).toEqual([[other, 1]]);
    expect(each.own('sandgauge_source_dropped_points', { source: 'libvirt' })).toBe(0);
  });

  test('a daemon that does not let it in is said once, and when it does', async () => {
    served.double.answers.set(PROCEDURE.authList, (call) =>
      refuse(call, 45, 'authentication failed: access denied by policy'),
    );
    const each = await served.start();
    for (let round = 0; round < 3; round++) expect(await each.read()).toEqual([]);
    expect(each.log).toHaveLength(1);
    expect(each.log[0]).toContain('Daemon may not be asked; its domains have no rows');
    expect(state(each, 'denied')).toBe(1);
    served.double.answers.delete(PROCEDURE.authList);
    await sleep(1100);
    expect((await each.read()).length).toBeGreaterThan(0);
    expect(each.log[1]).toContain('Daemon can be read again');
    expect(state(each, 'up')).toBe(1);
  });

  test('a daemon that is absent is no trouble, and is read when it comes', async () => {
    const later = join(served.root.path, 'later-sock');
    const each = await served.start(`sockets: [${later}]`);
    expect(await each.read()).toEqual([]);
    expect([each.log, state(each, 'absent')]).toEqual([[], 1]);
    linkSync(served.double.socket, later);
    expect((await each.read()).length).toBeGreaterThan(0);
    unlinkSync(later);
    expect(state(each, 'up')).toBe(1);
  });

  test('one that answers rubbish is read again once it does not', async () => {
    served.double.answers.set(PROCEDURE.stats, (call: DoubleCall) =>
      call.send(Buffer.from('HTTP/1.1 400')),
    );
    const each = await served.start();
    expect(await each.read()).toEqual([]);
    expect(each.log[0]).toContain('Daemon cannot be read; its domains have no rows');
    served.double.answers.delete(PROCEDURE.stats);
    await sleep(1100);
    expect((await each.read()).length).toBeGreaterThan(0);
  });

  test('one that hangs costs no other', async () => {
    const hung = await startDouble();
    hung.answers.set(PROCEDURE.list, () => {});
    const each = await served.start(
      `call_timeout: 200ms\nsockets: [${hung.socket}, ${served.double.socket}]`,
    );
    const begin = performance.now();
    expect((await each.read()).length).toBeGreaterThan(0);
    expect(performance.now() - begin).toBeLessThan(2000);
    expect(each.log).toHaveLength(1);
    expect(each.log[0]).toContain('Daemon cannot be read');
    await each.shutdown();
    await hung.close();
  });

  test('XML that cannot be used costs one line and one domain', async () => {
    served.serve([[domain('bad', 7), RUNNING]], '<domain');
    const each = await served.start();
    for (let round = 0; round < 3; round++) expect(await each.read()).toEqual([]);
    expect(each.log).toHaveLength(1);
    expect(each.log[0]).toContain('Domain cannot be described');
  });

  test('virt_df without libguestfs says what to do', async () => {
    const each = await served.start('virt_df: true\nvirt_df_path: virt-df-that-is-not-there');
    await each.read();
    await expect.poll(() => each.log.join()).toContain('virt-df cannot look into the disks');
    // Their sizes are not told either: they would be other rows than those that are awaited.
    expect(find(await each.read(), 'container_fs_limit_bytes')).toEqual([]);
  });

  function state(each: Observed, name: string): number {
    return each.own('sandgauge_source_daemons', { source: 'libvirt', state: name });
  }
});
