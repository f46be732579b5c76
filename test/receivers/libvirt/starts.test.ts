import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isEnded } from '../../../src/pdata/point.ts';
import {
  domain,
  domainXml,
  RUNNING,
  TOLD_MILLIS,
  useServed,
} from '../../support/libvirt/served.ts';
import type { Observed } from '../../support/observed.ts';

const served = useServed();
const PERIOD = "<devices><memballoon><stats period='10'/></memballoon></devices>";

/** [start, value] of the rows of a metric in the last collection. */
function counted({ points }: Observed, metric: string) {
  return points.flatMap((point) => {
    const isOf = point.series.descriptor.name === metric && !isEnded(point);
    return isOf && point.kind === 'number' ? [[point.start, point.value]] : [];
  });
}

test('without a cgroup a domain began at the boot, or after the last list that had it not', async () => {
  const each = await served.start();
  const cpu = 'container_cpu_usage_seconds_total';
  served.serve([[domain('db'), RUNNING]]);
  await each.read();
  const boot = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]) * 1000;
  const [[start = 0, value] = []] = counted(each, cpu);
  // The kernel derives it from two clocks.
  expect(Math.abs(start - boot)).toBeLessThanOrEqual(1000);
  expect(value).toBe(5);
  const listedAt = served.time;
  served.time += 10_000;
  served.serve([[domain('db', 2), RUNNING]]);
  await each.read();
  expect(counted(each, cpu)).toEqual([[listedAt, 5]]);
  served.time += 10_000;
  await each.read();
  expect(counted(each, cpu)).toEqual([[listedAt, 5]]);
});

test("a guest's counts begin anew when it boots anew, and not where one is not told for once", async () => {
  const each = await served.start();
  const tell = async (counts: Record<string, number>) => {
    served.time += 10_000;
    const told = { 'balloon.available': 1000, 'balloon.last-update': served.time / 1000 };
    const stats = { ...RUNNING, 'balloon.current': 1000, 'balloon.rss': 1, ...told, ...counts };
    served.serve([[domain('db'), stats]], domainXml('db', PERIOD));
    await each.read();
    return counted(each, 'libvirt_domain_memory_stats_minor_fault_total');
  };
  served.time = TOLD_MILLIS;
  const swapped = { 'balloon.swap_in': 8 };
  const [[start] = []] = await tell({ 'balloon.minor_fault': 100, ...swapped });
  expect(await tell({ 'balloon.minor_fault': 101 })).toEqual([[start, 101]]);
  expect(await tell({ 'balloon.minor_fault': 102, ...swapped })).toEqual([[start, 102]]);
  const bootedAfter = served.time;
  expect(await tell({ 'balloon.minor_fault': 3 })).toEqual([[bootedAfter, 3]]);
});
