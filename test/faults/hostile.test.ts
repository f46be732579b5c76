import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseOciSpec } from '../../src/platform/oci/spec.ts';
import { parseEvent, parseEventReply } from '../../src/platform/runsc/event.ts';
import { createBoundedCpu } from '../../src/receivers/runsc/bounded-cpu.ts';
import { runsc } from '../../src/receivers/runsc/factory.ts';
import { cgroupPathOf } from '../../src/workload/cgroup-path.ts';
import type { Observed, Row } from '../support/observed.ts';
import { runObserved } from '../support/observed.ts';
import { isMissing } from '../support/peers.ts';
import { makeNode, type Node, scopeOf } from './node.ts';

const NOBODY = 65_534;
const isSkipped = isMissing('cgroups that are closed', { root: process.getuid?.() === 0 });
const clock = { now: 1_800_000_000_000 };
let node: Node;
beforeEach(async () => {
  node = await makeNode();
});
afterEach(async () => {
  process.seteuid?.(process.getuid?.() ?? 0);
  await node.close();
});

async function read(observed: Observed): Promise<Row[]> {
  clock.now += 61_000;
  return observed.read();
}

const idsOf = (rows: readonly Row[]) => new Set(rows.map(({ labels }) => labels.id));
const state = (name: string) => `${node.path}/run/runsc/${name}_sandbox:${name}.state`;

describe('cgroups of a tenant that has its own', () => {
  test.skipIf(isSkipped)('one that it closes costs the others nothing', async () => {
    const { cgroup } = await node.run(() => clock.now);
    node.addBad();
    const nested = `${node.path}/sys/fs/cgroup${scopeOf(node.bad)}/nested`;
    mkdirSync(`${nested}/inner`, { recursive: true });
    process.seteuid?.(NOBODY);
    await read(cgroup);
    process.seteuid?.(0);
    chmodSync(nested, 0o444);
    process.seteuid?.(NOBODY);
    for (let pass = 0; pass < 3; pass++) {
      expect(idsOf(await read(cgroup))).toContain(scopeOf(node.good));
      expect(idsOf(await read(cgroup))).toContain(scopeOf(node.bad));
    }
    expect(cgroup.log.filter((line) => line.startsWith('warn')).length).toBeLessThanOrEqual(1);
  });

  test('nested until no path reaches them: the others go on', async () => {
    const { cgroup } = await node.run(() => clock.now);
    node.addBad();
    const before = process.cwd();
    process.chdir(`${node.path}/sys/fs/cgroup${scopeOf(node.bad)}`);
    for (let depth = 0; depth < 30; depth++) {
      mkdirSync('n'.repeat(200));
      process.chdir('n'.repeat(200));
    }
    process.chdir(before);
    for (let pass = 0; pass < 3; pass++) {
      expect(idsOf(await read(cgroup))).toContain(scopeOf(node.good));
    }
    expect(cgroup.log.filter((line) => line.startsWith('warn')).length).toBeLessThanOrEqual(1);
  });
});

describe('files in trouble', () => {
  const loop = (id: string) => {
    node.bareCgroup(id);
    const path = `${node.path}/sys/fs/cgroup${id}/memory.current`;
    symlinkSync(path, path);
  };

  test('more than 1,000 of them, one after another, are all told', async () => {
    const { cgroup } = await node.run(() => clock.now);
    await read(cgroup);
    const ids = Array.from(
      { length: 1100 },
      (_, i) => `/system.slice/docker-${String(i).padStart(64, '0')}.scope`,
    );
    for (const half of [ids.slice(0, 550), ids.slice(550)]) {
      for (const id of half) loop(id);
      for (let pass = 0; pass < 3; pass++) await read(cgroup);
      for (const id of half) node.remove(`sys/fs/cgroup${id}`);
      await read(cgroup);
    }
    const lines = cgroup.log.filter((line) => line.startsWith('warn: File cannot be read'));
    expect(lines).toHaveLength(1100);
  });
});

describe('state directories that a user owns', () => {
  test('a state file that is a loop of links costs one line, and never the agent', async () => {
    symlinkSync(state('loop'), state('loop'));
    const { runsc } = await node.run(() => clock.now);
    for (let pass = 0; pass < 3; pass++) expect((await read(runsc)).length).toBeGreaterThan(0);
    // Found by the watch, too, outside of any collection.
    symlinkSync(state('later'), state('later'));
    await sleep(100);
    expect((await read(runsc)).length).toBeGreaterThan(0);
    expect(runsc.log.filter((line) => line.startsWith('warn'))).toHaveLength(2);
  });

  test('a root that is a loop of links is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandgauge-loop-'));
    symlinkSync('loop', join(folder, 'loop'));
    const receiver = `root_path: ${folder}\nroots: [/loop/*, /loop]`;
    const observed = await runObserved({ factory: runsc, receiver, observer: '' }, Date.now);
    expect(await observed.read()).toEqual([]);
    await observed.shutdown();
    rmSync(folder, { recursive: true });
  });

  test('more state files than any node has: that root has no rows, and one line says so', async () => {
    for (let i = 0; i < 4200; i++) writeFileSync(state(`c${i}`), '');
    const { runsc } = await node.run(() => clock.now);
    for (let pass = 0; pass < 3; pass++) expect(await read(runsc)).toEqual([]);
    expect(runsc.log).toHaveLength(1);
  });

  test('a cgroupsPath without end is no path', () => {
    const spec = parseOciSpec({ linux: { cgroupsPath: `${'a-'.repeat(2_000_000)}:x:y` } });
    expect(spec.cgroupsPath).toBeUndefined();
    expect(cgroupPathOf(`${'a-'.repeat(2000)}:x:y`, 'id').length).toBeLessThan(5000);
  });
});

describe('a sandbox that lies', () => {
  const event = (data: object) => ({
    data: { cpu: { usage: {} }, memory: { usage: {} }, pids: {}, ...data },
  });

  test('figures that wrapped around are none, and time that did is no answer', () => {
    expect(parseEvent(event({ memory: { usage: { usage: 2 ** 64 } } })).memoryBytes).toBe(
      Number.POSITIVE_INFINITY,
    );
    for (const time of [-1, 2 ** 64, 1e300]) {
      const reply = { event: event({}), containerUsage: { a: time } };
      expect(() => parseEventReply(reply)).toThrow('containerUsage.a is wrong');
    }
  });

  test('names that no interface has, or that two have, give no second series', () => {
    const names = ['eth0', 'eth0', 'x'.repeat(16), '\ud800', 'lo', '\u00e9'.repeat(8)];
    const received = { RxBytes: 1, RxPackets: 1, RxErrors: 0, RxDropped: 0 };
    const sent = { TxBytes: 1, TxPackets: 1, TxErrors: 0, TxDropped: 0 };
    const interfaces = names.map((Name) => ({ Name, ...received, ...sent }));
    const told = parseEvent(event({ network_interfaces: interfaces })).interfaces;
    expect(told?.map(({ name }) => name)).toEqual(['eth0']);
  });

  test('what it says of itself is cut before it is logged', () => {
    const reply = { event: event({}), containerUsage: { ['k'.repeat(1e6)]: 'x' } };
    expect(() => parseEventReply(reply)).toThrow(/^.{1,200}$/);
  });

  test('100,000 interfaces are looked at in a moment', () => {
    const interfaces = Array.from({ length: 100_000 }, (_, i) => ({ Name: `e${i}` }));
    const start = performance.now();
    parseEvent(event({ network_interfaces: interfaces }));
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test('a host figure that is missing once spoils no later one', () => {
    const cpu = createBoundedCpu();
    cpu.add(new Map([['a', 10e9]]), 10e9);
    cpu.add(new Map([['a', 11e9]]), undefined);
    expect(cpu.add(new Map([['a', 12e9]]), 12e9).get('a')).toBeCloseTo(12e9, -6);
  });
});
