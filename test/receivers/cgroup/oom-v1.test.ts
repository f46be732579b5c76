import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { startAgent, valueFor } from '../../support/agent.ts';
import { makeCgroup, type TestCgroup, v1Mounts } from '../../support/cgroup-v1.ts';
import { compile, findPeer, isMissing } from '../../support/peers.ts';

const isSkipped = isMissing('OOM kills of cgroup v1', {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  cc: findPeer('cc'),
});
const METRIC = 'container_oom_events_total';
const RELISTED_MILLIS = 1100;

describe.skipIf(isSkipped)('OOM kills in real cgroups of this host', () => {
  const made: TestCgroup[] = [];
  const make = (name: string) => {
    const cgroup = makeCgroup(name);
    made.push(cgroup);
    cgroup.write('memory', 'memory.limit_in_bytes', String(16 * 2 ** 20));
    cgroup.run([compile('hog.c'), '0', '1']);
    return cgroup;
  };
  afterAll(async () => {
    for (const cgroup of made) await cgroup.remove();
  });

  /** Runs a process that needs four times what the cgroup may have. */
  async function kill(cgroup: TestCgroup): Promise<void> {
    const [, signal] = await once(cgroup.run([compile('hog.c'), '0', '64']), 'exit');
    expect(signal).toBe('SIGKILL');
  }

  test('they are the count of the kernel, also for an agent that comes later', async () => {
    const [short, fresh] = [make('oom'), make('oom-fresh')];
    const kernel = () =>
      Number(/^oom_kill (\d+)$/m.exec(short.read('memory', 'memory.oom_control'))?.[1]);
    const args = ['--set', 'receivers.cgroup.raw_cgroups=all'];
    let agent = await startAgent(args);
    try {
      await sleep(RELISTED_MILLIS);
      expect(valueFor(await agent.scrape(), METRIC, short.id)).toBe(0);
      await kill(short);
      await kill(short);
      await sleep(RELISTED_MILLIS);
      expect(valueFor(await agent.scrape(), METRIC, short.id)).toBe(2);
      await agent.stop();
      agent = await startAgent(args);
      const text = await agent.scrape();
      expect(valueFor(text, METRIC, short.id)).toBe(2);
      expect(valueFor(text, METRIC, fresh.id)).toBe(0);
      await kill(short);
      await sleep(RELISTED_MILLIS);
      expect(valueFor(await agent.scrape(), METRIC, short.id)).toBe(3);
      expect(kernel()).toBe(3);
    } finally {
      await agent.stop();
    }
  });

  test('a cgroup with children has no row: the kernel leaves out those that were killed in them', async () => {
    const parent = makeCgroup('oom-parent');
    const child = make(`${parent.id}/child`);
    made.push(parent);
    await kill(child);
    const agent = await startAgent(['--set', 'receivers.cgroup.raw_cgroups=all']);
    try {
      const text = await agent.scrape();
      expect(valueFor(text, METRIC, child.id)).toBe(1);
      // What the kernel says of it: a zero that is not true.
      expect(parent.read('memory', 'memory.oom_control')).toContain('oom_kill 0');
      expect(valueFor(text, METRIC, parent.id)).toBeUndefined();
      expect(valueFor(text, 'container_memory_usage_bytes', parent.id)).toBeGreaterThan(0);
    } finally {
      await agent.stop();
    }
  });
});
