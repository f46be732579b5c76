import { describe, expect, test } from 'vitest';
import { CPU } from '../../../src/catalog/cpu.ts';
import { DISK } from '../../../src/catalog/disk.ts';
import { DISK_IO } from '../../../src/catalog/disk-io.ts';
import { LIFETIME } from '../../../src/catalog/lifetime.ts';
import { MACHINE } from '../../../src/catalog/machine.ts';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { NETWORK } from '../../../src/catalog/network.ts';
import { OOM } from '../../../src/catalog/oom.ts';
import { SPEC } from '../../../src/catalog/spec.ts';
import { endedPoint, type Point } from '../../../src/pdata/point.ts';
import { createSeries } from '../../../src/pdata/series.ts';

import {
  at,
  DOCKER,
  ID,
  make,
  NODE,
  NOW,
  PAUSE,
  POD,
  POD_ATTRIBUTES,
  resourceOf,
  START,
  series,
  shown,
  system,
  total,
  user,
  WEB,
} from './made.ts';

describe('CPU time', () => {
  const modes = ['user', 'system'].map((mode, i) => [
    'container.cpu.time',
    i + 1,
    { 'cpu.mode': mode },
  ]);

  test('a container that tells both modes has these and no total, for ever', async () => {
    const translate = make();
    const [t, u, s] = [total(WEB), user(WEB), system(WEB)];
    expect(shown(await translate(at(t, 3), at(u, 1), at(s, 2)))).toEqual(modes);
    expect(await translate(at(t, 4))).toEqual([]);
    expect(shown(await translate(endedPoint(t, NOW), endedPoint(u, NOW)))).toEqual([
      ['container.cpu.time', 'ended', { 'cpu.mode': 'user' }],
    ]);
  });

  test.each([
    ['without modes', () => []],
    ['with one of them', () => [at(user(WEB), 1)]],
  ])('%s it has the total, for ever', async (_, others) => {
    const translate = make();
    const t = total(WEB);
    const expected = [['container.cpu.time', 3, {}]];
    expect(shown(await translate(...others(), at(t, 3)))).toEqual(expected);
    const later = await translate(at(t, 3), at(user(WEB), 1), at(system(WEB), 2));
    expect(shown(later)).toEqual(expected);
    expect(shown(await translate(endedPoint(t, NOW)))).toEqual([
      ['container.cpu.time', 'ended', {}],
    ]);
  });

  test('each workload is judged by itself', async () => {
    const points = [at(user(WEB), 1), at(total(PAUSE), 7), at(system(WEB), 2), at(total(WEB), 3)];
    const names = shown(await make()(...points)).map(([, value]) => value);
    expect(names).toEqual([1, 7, 2]);
  });

  test('a pod has the total, as the conventions know no modes of it', async () => {
    const points = [at(total(POD), 3), at(user(POD), 1)];
    expect(shown(await make('unmapped: drop')(...points))).toEqual([['k8s.pod.cpu.time', 3, {}]]);
  });

  test('a core is not counted beside all cores', async () => {
    const core = series(CPU.container_cpu_usage_seconds_total, WEB, { cpu: 'cpu00' });
    const points = await make('unmapped: drop')(at(core, 1), at(total(WEB), 3));
    expect(shown(points)).toEqual([['container.cpu.time', 3, {}]]);
  });
});

describe('values of two rows', () => {
  const faults = (failure_type: string, identity = WEB) =>
    series(MEMORY.container_memory_failures_total, identity, { failure_type, scope: 'hierarchy' });
  const only = (name: string, points: readonly Point[]) =>
    shown(points).filter(([each]) => each === name);

  test('minor faults are all less the major ones, and never go back', async () => {
    const translate = make();
    const [all, major] = [faults('pgfault'), faults('pgmajfault')];
    const minor = async (a: number, m: number) =>
      shown(await translate(at(all, a), at(major, m))).map(([, value]) => value);
    expect(await minor(10, 3)).toEqual([7, 3]);
    expect(await minor(10, 4)).toEqual([7, 4]);
    expect(await minor(20, 4)).toEqual([16, 4]);
    const type = (each: string) => ({ 'system.paging.fault.type': each });
    expect(shown(await translate(at(all, 20), endedPoint(major, NOW)))).toEqual([
      ['container.paging.faults', 'ended', type('minor')],
      ['container.paging.faults', 'ended', type('major')],
    ]);
    expect(await translate(at(all, 21))).toEqual([]);
    expect(await translate(endedPoint(all, NOW))).toEqual([]);
  });

  test('a CPU limit is quota by period', async () => {
    const quota = series(SPEC.container_spec_cpu_quota, WEB);
    const period = series(SPEC.container_spec_cpu_period, WEB);
    const points = await make()(at(quota, 150_000), at(period, 100_000));
    expect(only('k8s.container.cpu.limit.current', points)).toEqual([
      ['k8s.container.cpu.limit.current', 1.5, {}],
    ]);
  });

  test('no limit gives no memory limit and none available; a limit that goes ends both', async () => {
    const translate = make();
    const limit = series(SPEC.container_spec_memory_limit_bytes, WEB);
    const used = series(MEMORY.container_memory_working_set_bytes, WEB);
    const values = async (bytes: number) =>
      Object.fromEntries(
        shown(await translate(at(used, 30), at(limit, bytes))).map(([name, value]) => [
          name,
          value,
        ]),
      );
    const workingSet = { 'container.memory.working_set': 30 };
    const limited = (available: unknown, bytes: unknown) => ({
      ...workingSet,
      'container.memory.available': available,
      'k8s.container.memory.limit.current': bytes,
    });
    expect(await values(0)).toEqual(workingSet);
    expect(await values(100)).toEqual(limited(70, 100));
    expect(await values(20)).toEqual(limited(0, 20));
    expect(await values(0)).toEqual(limited('ended', 'ended'));
    expect(await values(0)).toEqual(workingSet);
  });
});

describe('rows', () => {
  test('uptime is counted to the time of the read', async () => {
    const started = series(LIFETIME.container_start_time_seconds, WEB);
    const translate = make();
    const [point] = await translate(at(started, START));
    expect(shown([point as Point])).toEqual([['container.uptime', 90.5, {}]]);
    expect(point?.series.descriptor).toMatchObject({ type: 'gauge', timed: true });
    // The clock was set back.
    expect(shown(await translate(at(started, START + 1000)))).toEqual([
      ['container.uptime', 'ended', {}],
    ]);
  });

  test('devices, interfaces and directions are attributes', async () => {
    const disk = { device: '/dev/sda' };
    const eth0 = { interface: 'eth0' };
    const points = await make()(
      at(series(DISK_IO.container_fs_writes_bytes_total, WEB, disk), 1),
      at(series(DISK.container_fs_usage_bytes, WEB, disk), 2),
      at(series(NETWORK.container_network_transmit_bytes_total, PAUSE, eth0), 3),
      at(series(NETWORK.container_network_receive_errors_total, PAUSE, eth0), 4),
      at(series(NETWORK.container_network_receive_bytes_total, DOCKER, eth0), 5),
    );
    const direction = (way: string) => ({
      'network.io.direction': way,
      'network.interface.name': 'eth0',
    });
    expect(shown(points)).toEqual([
      ['container.disk.io', 1, { 'disk.io.direction': 'write', 'system.device': '/dev/sda' }],
      ['container.filesystem.usage', 2, {}],
      ['k8s.pod.network.io', 3, direction('transmit')],
      ['k8s.pod.network.errors', 4, direction('receive')],
      ['container.network.io', 5, direction('receive')],
    ]);
  });

  test('what no convention tells keeps name, labels and type, or is dropped', async () => {
    const histogram: Point = {
      ...{ kind: 'histogram', start: 1, time: 2, count: 3, sum: 4, flags: 0 },
      series: createSeries({ ...OOM.container_oom_events_total, type: 'histogram' }, WEB, {}, NODE),
      ...{ bounds: [1], counts: [1, 2] },
    };
    const given = [
      at(series(OOM.container_oom_events_total, WEB), 1),
      at(series(NETWORK.container_network_receive_packets_total, PAUSE, { interface: 'eth0' }), 2),
      at(series(MACHINE.machine_cpu_cores, { machine_id: 'm', boot_id: '' }), 3),
    ];
    const points = await make()(...given, histogram);
    expect(shown(points.slice(0, 3))).toEqual([
      ['container_oom_events_total', 1, {}],
      ['container_network_receive_packets_total', 2, { interface: 'eth0' }],
      ['machine_cpu_cores', 3, { machine_id: 'm' }],
    ]);
    expect(points[0]?.series.descriptor).toBe(OOM.container_oom_events_total);
    expect(resourceOf(points.slice(1))).toEqual(POD_ATTRIBUTES);
    expect(points[3]).toEqual({ ...histogram, series: points[3]?.series });
    expect(resourceOf(points.slice(3))).toMatchObject({ 'container.id': ID });
    expect(await make('unmapped: drop')(...given, histogram)).toEqual([]);
  });

  test('a series is made once, of the same point but for the header', async () => {
    const translate = make();
    const usage = at(series(MEMORY.container_memory_usage_bytes, WEB), 2 ** 40);
    const [first] = await translate(usage);
    const [second] = await translate(usage);
    expect(second?.series).toBe(first?.series);
    expect(first).toEqual({ ...usage, series: first?.series });
    expect(usage.series.descriptor).toBe(MEMORY.container_memory_usage_bytes);
  });
});

test('another word than keep or drop is refused', () => {
  expect(() => make('unmapped: rename')).toThrow(/unmapped.*expected one of/s);
});
