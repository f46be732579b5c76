import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Agent, rowsOf, startAgent, valueFor } from '../../support/agent.ts';
import { makeCgroup, type TestCgroup, v1Mounts } from '../../support/cgroup-v1.ts';
import { compile, findPeer, isMissing } from '../../support/peers.ts';
import { checkMetrics, type Prometheus, startPrometheus } from '../../support/prometheus.ts';

const isSkipped = isMissing('live cgroups', {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  prometheus: findPeer('prometheus'),
  promtool: findPeer('promtool'),
  cc: findPeer('cc'),
});

describe.skipIf(isSkipped)('real cgroups of this host', () => {
  let agent: Agent;
  const made: TestCgroup[] = [];
  const make = (name: string) => {
    const cgroup = makeCgroup(name);
    made.push(cgroup);
    return cgroup;
  };
  beforeAll(async () => {
    agent = await startAgent(['--set', 'receivers.cgroup.raw_cgroups=all']);
  });
  afterAll(async () => {
    await agent.stop();
    for (const cgroup of made) await cgroup.remove();
  });

  test('promtool parses the whole; its lints are about upstream names only', async () => {
    const { status, lints } = checkMetrics(await agent.scrape());
    // 3 is promtool's status for lints alone; a text that it cannot parse gives 1.
    expect(status).toBe(3);
    // cAdvisor's own names, which dashboards know.
    expect(lints).toEqual([
      'container_fs_inodes_total non-counter metrics should not have "_total" suffix',
      'container_memory_failcnt counter metrics should have "_total" suffix',
    ]);
  });

  test('a throttled process: Prometheus agrees with the kernel within 2 %', async () => {
    const cgroup = make('hog');
    cgroup.write('cpu', 'cpu.cfs_period_us', '100000');
    cgroup.write('cpu', 'cpu.cfs_quota_us', '20000');
    cgroup.run([compile('hog.c'), '100', '64']);
    const target = new URL(agent.url).host;
    const prometheus: Prometheus = await startPrometheus(target);
    try {
      const id = `{id="${cgroup.id}"}`;
      const [usage, throttled] = [
        `container_cpu_usage_seconds_total${id}`,
        `container_cpu_cfs_throttled_periods_total${id}`,
      ];
      await sleep(8_000);
      const kernelBefore = Number(cgroup.read('cpuacct', 'cpuacct.usage')) / 1e9;
      const startedAt = performance.now();
      await sleep(15_000);
      const seconds = (performance.now() - startedAt) / 1000;
      const kernelCores =
        (Number(cgroup.read('cpuacct', 'cpuacct.usage')) / 1e9 - kernelBefore) / seconds;
      const [rate] = await prometheus.query(`rate(${usage}[15s])`);
      expect(Math.abs((rate?.value ?? 0) / kernelCores - 1)).toBeLessThan(0.02);
      const [memory] = await prometheus.query(`container_memory_working_set_bytes${id}`);
      const kernelBytes = Number(cgroup.read('memory', 'memory.usage_in_bytes'));
      expect(Math.abs((memory?.value ?? 0) / kernelBytes - 1)).toBeLessThan(0.02);
      expect(memory?.value).toBeGreaterThan(64 * 2 ** 20);
      const [share] = await prometheus.query(
        `rate(${throttled}[10s]) / rate(container_cpu_cfs_periods_total${id}[10s])`,
      );
      const [, periods, isThrottled] =
        /nr_periods (\d+)\nnr_throttled (\d+)/.exec(cgroup.read('cpu', 'cpu.stat')) ?? [];
      expect(share?.value).toBeGreaterThan(0.9);
      expect(Number(isThrottled) / Number(periods)).toBeGreaterThan(0.9);
    } finally {
      await prometheus.stop();
    }
  }, 60_000);

  test('a cgroup that comes and goes between scrapes; no row outlives it', async () => {
    const cgroup = makeCgroup('brief');
    cgroup.run([compile('hog.c'), '0', '1']);
    await sleep(300);
    await sleep(1000);
    expect(valueFor(await agent.scrape(), 'container_memory_rss', cgroup.id)).toBeGreaterThan(
      2 ** 20,
    );
    await cgroup.remove();
    await sleep(1100);
    expect(await agent.scrape()).not.toContain(cgroup.id);
  });

  test('a cgroup of the same name made anew is another one: its counters start afresh', async () => {
    const first = makeCgroup('again');
    first.run([compile('hog.c'), '100', '1']);
    await sleep(1500);
    const before =
      valueFor(await agent.scrape(), 'container_cpu_usage_seconds_total', first.id) ?? 0;
    await first.remove();
    const second = make('again');
    second.run([compile('hog.c'), '1', '1']);
    await sleep(1100);
    const after = valueFor(await agent.scrape(), 'container_cpu_usage_seconds_total', second.id);
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThan(before);
  });

  test('a process in one hierarchy only gives no false zeros of the others', async () => {
    const cgroup = make('half');
    cgroup.run([compile('hog.c'), '0', '1'], ['memory']);
    await sleep(1200);
    const text = await agent.scrape();
    expect(valueFor(text, 'container_memory_rss', cgroup.id)).toBeGreaterThan(0);
    expect(valueFor(text, 'container_cpu_usage_seconds_total', cgroup.id)).toBeUndefined();
    expect(valueFor(text, 'container_cpu_user_seconds_total', cgroup.id)).toBeUndefined();
  });

  test('two scrapers at once, one of them in a hurry, get the same rows', async () => {
    const [patient, hurried] = await Promise.all([
      agent.scrape(),
      agent.scrape({ 'x-prometheus-scrape-timeout-seconds': '1' }),
    ]);
    const names = (text: string) => text.match(/^[a-z].*(?= )/gm);
    expect(names(hurried)).toEqual(names(patient));
  });

  test('2,000 cgroups made and removed: nothing leaks, the rows of others stay right', async () => {
    const steady = make('steady');
    steady.run([compile('hog.c'), '0', '1']);
    await sleep(1100);
    // Other suites have cgroups of their own that come and go.
    const ownRows = (text: string) =>
      [...rowsOf(text, 'container_last_seen').keys()].filter((labels) =>
        labels.includes(`id="/sandgauge-${process.pid}-`),
      );
    const rows = ownRows(await agent.scrape());
    expect(rows.length).toBeGreaterThan(0);
    const openFiles = () => readdirSync(`/proc/${agent.process.pid}/fd`).length;
    const before = openFiles();
    for (let round = 0; round < 20; round++) {
      const brief = Array.from({ length: 100 }, (_, i) => makeCgroup(`churn-${round}-${i}`));
      const populated = brief[0] as TestCgroup;
      populated.run([compile('hog.c'), '0', '1']);
      await sleep(50);
      if (round % 5 === 0) await agent.scrape();
      for (const cgroup of brief) await cgroup.remove();
    }
    await sleep(1100);
    const text = await agent.scrape();
    expect(ownRows(text)).toEqual(rows);
    expect(valueFor(text, 'container_memory_rss', steady.id)).toBeGreaterThan(2 ** 20);
    expect(Math.abs(openFiles() - before)).toBeLessThan(10);
    // A test machine may keep back rights that its pid 1 has: its descriptors are then not seen.
    const lines = agent.log().split('\n');
    const worse = lines.filter((line) => /\t(warn|error)\t/.test(line));
    expect(worse.filter((line) => !line.includes('Open files may not be looked at'))).toEqual([]);
  }, 60_000);
});
