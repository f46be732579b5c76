import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { makeCgroup, type TestCgroup, v1Mounts } from '../support/cgroup-v1.ts';
import { compile, findPeer, isMissing } from '../support/peers.ts';
import { queryRaw, queryValues, WRITE_PEERS } from '../support/remote-write/peers.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
const folder = mkdtempSync(join(tmpdir(), 'sandgauge-remote-write-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** One pass goes to both exporters: to the page with its times, and by remote write. */
const configOf = (url: string) => `
receivers:
  # Not the hundreds of cgroups that a bench beside may have below its own.
  cgroup: {collection_interval: 1s, timeout: 30s, initial_delay: 0s, raw_cgroups: all, include: ["/", "/*"]}
exporters:
  prometheus: {send_timestamps: true}
  prometheusremotewrite: {endpoint: ${url}/api/v1/write, external_labels: {host: here}}
service:
  pipelines:
    metrics: {receivers: [cgroup], exporters: [prometheus, prometheusremotewrite]}
`;

async function startBoth(peer: (typeof WRITE_PEERS)[number]) {
  const { url, stop } = await peer.start();
  stops.push(stop);
  writeFileSync(join(folder, 'config.yaml'), configOf(url));
  const agent = await startAgent(['--config', join(folder, 'config.yaml')]);
  stops.push(agent.stop);
  return { url, agent };
}

/** The rows of a page as a receiver has them: no empty labels, and the label of the host. */
function rowsOf(page: string) {
  return [...page.matchAll(/^(\w+)\{(.*)\} (\S+)(?: (\d+))?$/gm)].map(
    ([, name = '', text = '', value, time]) => {
      const labels = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(
        ([, key = '', each = '']) => [key, each.replaceAll(/\\(.)/g, '$1')] as const,
      );
      const all = [...labels, ['host', 'here'], ['__name__', name]] as const;
      return {
        key: keyOf(Object.fromEntries(all.filter(([, each]) => each !== ''))),
        ...{ value: Number(value), time: time === undefined ? undefined : Number(time) },
      };
    },
  );
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe.each(WRITE_PEERS)('$name', (peer) => {
  const isSkipped = isMissing(`remote write to ${peer.name}`, {
    [peer.name]: peer.path,
    'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
    cc: findPeer('cc'),
  });

  test.skipIf(isSkipped)(
    'every row of the page is there, of the same pass',
    async () => {
      const { url, agent } = await startBoth(peer);
      await sleep(2500);
      const rows = rowsOf(await agent.scrape());
      expect(rows.length).toBeGreaterThan(100);
      const isSame = (one: number, other: number) =>
        Object.is(one, other) || Math.abs(one - other) <= Math.abs(one) * peer.tolerance;
      const missing = async () => {
        const told = await queryRaw(url, '{host="here"}[1m]');
        const found = new Map(told.map(({ metric, values }) => [keyOf(metric), values]));
        return rows.filter(({ key, value, time }) => {
          const samples = found.get(key) ?? [];
          // Spec and start rows have no time on the page.
          return !samples.some(([at, each]) => (time ?? at) === at && isSame(value, each));
        });
      };
      await expect.poll(missing, { interval: 500 }).toEqual([]);
      expect(agent.log()).not.toMatch(/Exporting failed|Refused/);
    },
    60_000,
  );

  test.skipIf(isSkipped)(
    'a rate is what the kernel says, and what is gone is gone at once',
    async () => {
      const { url } = await startBoth(peer);
      const cgroup: TestCgroup = makeCgroup('written');
      let isThere = true;
      stops.push(() => isThere && cgroup.remove());
      cgroup.write('cpu', 'cpu.cfs_period_us', '100000');
      cgroup.write('cpu', 'cpu.cfs_quota_us', '20000');
      cgroup.run([compile('hog.c'), '100', '8']);
      const usage = `container_cpu_usage_seconds_total{id="${cgroup.id}"}`;
      await expect.poll(() => queryValues(url, usage), { timeout: 30_000 }).toHaveLength(1);
      const used = () => Number(cgroup.read('cpuacct', 'cpuacct.usage')) / 1e9;
      const [before, start] = [used(), performance.now()];
      await sleep(10_000);
      const cores = (used() - before) / ((performance.now() - start) / 1000);
      const [rate = 0] = await queryValues(url, `rate(${usage}[8s])`);
      expect(cores).toBeGreaterThan(0.05);
      expect(Math.abs(rate / cores - 1)).toBeLessThan(0.3);
      const all = `count({id="${cgroup.id}"})`;
      const [rows = 0] = await queryValues(url, all);
      expect(rows).toBeGreaterThan(20);
      await cgroup.remove();
      isThere = false;
      // Without a marker it would be shown for five minutes.
      await expect.poll(() => queryValues(url, all)).toEqual([]);
    },
    120_000,
  );
});
