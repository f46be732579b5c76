import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { CPU } from '../../../src/catalog/cpu.ts';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { idOf, makeContainer, NOW, runCri, type Subject, stopAll } from './running.ts';

afterEach(stopAll);

const POD = { uid: '11111111-2222-3333-4444-555555555555', name: 'web', sandboxId: idOf('f0') };
const app = () => makeContainer(POD, idOf('01'), 'app');
const rss = (subject: Subject, value: number, time = NOW) =>
  subject.point(MEMORY.container_memory_rss, value, time);

/** An exporter that asks; each collection brings the next value of one container. */
async function runAsking(yaml = 'max_age: 0s') {
  const running = await runCri(`collect_on_scrape: true\n${yaml}`);
  const subject = app();
  running.known.push(subject.known);
  let passes = 0;
  running.onCollect = async () => {
    passes++;
    await running.give([rss(subject, passes, NOW + passes)], true);
  };
  const ask = async () =>
    (await running.client.call('ContainerStats', { container_id: subject.id })).stats?.memory
      ?.rss_bytes;
  return { running, subject, ask, passes: () => passes };
}

describe('on demand', () => {
  test('each request has the figures of its own moment', async () => {
    const { ask } = await runAsking();
    expect([await ask(), await ask(), await ask()]).toEqual([1n, 2n, 3n]);
  });

  test('a collection serves those that come within max_age', async () => {
    const { ask, passes } = await runAsking('max_age: 10s');
    expect([await ask(), await ask(), await ask()]).toEqual([1n, 1n, 1n]);
    expect(passes()).toBe(1);
  });

  test('what a collection did not bring is left out of it', async () => {
    const { running, ask } = await runAsking();
    expect(await ask()).toBe(1n);
    running.onCollect = async () => {};
    await expect(ask()).rejects.toMatchObject({ code: 5 });
  });

  test('the client’s own deadline goes to the sources, less a margin', async () => {
    const { running, subject } = await runAsking();
    const left: number[] = [];
    running.onCollect = async (deadline) => {
      left.push(deadline - performance.now());
      await running.give([rss(subject, 1)], true);
    };
    const request = { container_id: subject.id };
    await running.client.call('ContainerStats', request, 10_000);
    expect(left[0]).toBeGreaterThan(5_000);
    expect(left[0]).toBeLessThan(9_500);
  });

  test('many at once are all answered, one that waits does not keep the others', async () => {
    const { running, subject, passes } = await runAsking();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        running.client.call('ContainerStats', { container_id: subject.id }),
      ),
    );
    const values = answers.map(({ stats }) => Number(stats?.memory?.rss_bytes));
    for (const value of values) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThanOrEqual(passes());
    }
    let release = () => {};
    running.onCollect = () => new Promise((resolve) => (release = resolve));
    const stuck = running.client.call('ListContainerStats');
    await sleep(50);
    // These need no collection.
    expect((await running.client.call('Version')).runtime_name).toBe('sandgauge');
    expect((await running.client.call('ListMetricDescriptors')).descriptors.length).toBeGreaterThan(
      50,
    );
    release();
    await stuck;
  });
});

describe('a miss', () => {
  test('of an id is looked for at once, in a collection that is fresh or not', async () => {
    const { running, ask, passes } = await runAsking('max_age: 1h');
    await ask();
    const late = makeContainer(POD, idOf('02'), 'late');
    running.known.push(late.known);
    running.onCollect = async () => running.give([rss(late, 5)], true);
    const { stats } = await running.client.call('ContainerStats', { container_id: late.id });
    expect(stats?.memory?.rss_bytes).toBe(5n);
    expect(passes()).toBe(1);
    const { stats: listed } = await running.client.call('ListContainerStats', {
      filter: { id: late.id },
    });
    expect(listed).toHaveLength(1);
  });

  test('in a pass that had listed before it came is looked for once more', async () => {
    const { running } = await runAsking('max_age: 1h');
    const late = makeContainer(POD, idOf('02'), 'late');
    running.known.push(late.known);
    let passes = 0;
    running.onCollect = async () => {
      // The first pass was under way already, and its list was made.
      if (++passes === 2) await running.give([rss(late, 5)], true);
    };
    await running.client.call('ListContainerStats');
    passes = 0;
    const { stats } = await running.client.call('ContainerStats', { container_id: late.id });
    expect(stats?.memory?.rss_bytes).toBe(5n);
  });

  test('without collect_on_scrape the on-demand receivers of others are asked', async () => {
    const running = await runCri('max_age: 0s');
    const late = app();
    running.known.push(late.known);
    running.onCollect = async () => running.give([rss(late, 5)], true);
    const { stats } = await running.client.call('ContainerStats', { container_id: late.id });
    expect(stats?.memory?.rss_bytes).toBe(5n);
  });

  test('of an id that nobody has ends, after two passes', async () => {
    const { running, passes } = await runAsking();
    const unknown = running.client.call('ContainerStats', { container_id: idOf('77') });
    await expect(unknown).rejects.toMatchObject({ code: 5 });
    expect(passes()).toBe(3);
  });
});

describe('what is kept', () => {
  test('a series that ended is gone at once, its container with the last of them', async () => {
    const running = await runCri('max_age: 0s');
    const subject = app();
    running.known.push(subject.known);
    await running.give([rss(subject, 1), subject.point(MEMORY.container_memory_cache, 2)]);
    const count = async () => (await running.client.call('ListContainerStats')).stats.length;
    expect(await count()).toBe(1);
    await running.give(subject.end().slice(0, 1));
    expect(await count()).toBe(1);
    const { stats } = await running.client.call('ListContainerStats');
    expect(stats[0]?.memory).toBeUndefined();
    await running.give(subject.end());
    expect(await count()).toBe(0);
    await running.give(subject.end());
    expect(await count()).toBe(0);
  });

  test('a source on a timer that fell silent is forgotten after metric_expiration', async () => {
    const running = await runCri('metric_expiration: 1500ms\nmax_age: 0s');
    const subject = app();
    running.known.push(subject.known);
    await running.give([rss(subject, 1)]);
    const count = async () => (await running.client.call('ListContainerStats')).stats.length;
    expect(await count()).toBe(1);
    await expect.poll(count).toBe(0);
  });

  test('another series for the same row, and more than max_series, are refused and counted', async () => {
    const running = await runCri('max_series: 2\nmax_age: 0s');
    const [subject, twin, third] = [app(), app(), makeContainer(POD, idOf('03'), 'third')];
    running.known.push(subject.known, third.known);
    await running.give([rss(subject, 1), rss(twin, 99)]);
    expect(running.own('sandgauge_exporter_duplicate_points', { exporter: 'cri' })).toBe(1);
    const { stats } = await running.client.call('ContainerStats', { container_id: subject.id });
    expect(stats?.memory?.rss_bytes).toBe(1n);
    await running.give([subject.point(MEMORY.container_memory_cache, 1), rss(third, 1)]);
    const refused = { exporter: 'cri', reason: 'max_series' };
    expect(running.own('sandgauge_exporter_refused_points', refused)).toBe(1);
    expect(running.log.filter((line) => line.includes('max_series'))).toHaveLength(1);
    // Room again.
    await running.give(subject.end());
    await running.give([rss(third, 1)]);
    expect((await running.client.call('ListContainerStats')).stats).toHaveLength(1);
  });

  test('deltas are refused and counted: as counters they would be false', async () => {
    const running = await runCri('max_age: 0s');
    const subject = app();
    running.known.push(subject.known);
    const delta = { ...CPU.container_cpu_usage_seconds_total, temporality: 'delta' } as const;
    await running.give([rss(subject, 1), subject.point(delta, 2, NOW, { cpu: 'total' })]);
    const { stats } = await running.client.call('ContainerStats', { container_id: subject.id });
    expect(stats?.cpu).toBeUndefined();
    const refused = { exporter: 'cri', reason: 'delta' };
    expect(running.own('sandgauge_exporter_refused_points', refused)).toBe(1);
  });

  test('an older point, and one that would wrap, change nothing', async () => {
    const running = await runCri('max_age: 0s');
    const subject = app();
    running.known.push(subject.known);
    const told = async () =>
      (await running.client.call('ContainerStats', { container_id: subject.id })).stats?.memory
        ?.rss_bytes;
    await running.give([rss(subject, 5, NOW + 10), rss(subject, 4, NOW)]);
    expect(await told()).toBe(5n);
    for (const value of [-1, Number.NaN, 2 ** 64 - 2048, Number.POSITIVE_INFINITY]) {
      await running.give([rss(subject, value, NOW + 20)]);
      expect(await told()).toBe(5n);
    }
  });
});
