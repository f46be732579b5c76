import { expect, test } from 'vitest';
import {
  isHeld,
  limitsV1,
  limitsV2,
  swapOf,
} from '../../../src/extensions/compat_cgroup/limits.ts';
import { parseOciSpec } from '../../../src/platform/oci/spec.ts';

const OPTIONS = { cpu_weight: 'linear', memory_min: false } as const;
const unfaulty = (error: Error) => expect.fail(error.message);

const resourcesOf = (resources: object) => parseOciSpec({ linux: { resources } }).resources;
const v2 = (resources: object, options: object = {}) =>
  Object.fromEntries(
    limitsV2(resourcesOf(resources), { ...OPTIONS, ...options }, unfaulty).map(
      ({ file, value }) => [file, value],
    ),
  );
const v1 = (resources: object) =>
  limitsV1(resourcesOf(resources)).map(({ file, value }) => [file, value]);

test("the files of gVisor's own change, each with its value", () => {
  const resources = {
    memory: { limit: 536_870_912, swap: 1_073_741_824 },
    cpu: { quota: 50_000, period: 100_000, shares: 2048 },
    pids: { limit: 100 },
  };
  expect(v2(resources)).toEqual({
    'memory.max': '536870912',
    'memory.swap.max': '536870912',
    'cpu.max': '50000 100000',
    'cpu.weight': '79',
    'pids.max': '100',
  });
});

test.each([
  [2, '1', '1'],
  [1, '1', '1'],
  [102, '4', '17'],
  [512, '20', '59'],
  [1024, '39', '100'],
  [2048, '79', '174'],
  [262_144, '10000', '10000'],
  [1_000_000, '10000', '10000'],
])('%i shares are the weight %s, or %s', (shares, linear, quadratic) => {
  const weight = (cpu_weight: string) => v2({ cpu: { shares } }, { cpu_weight })['cpu.weight'];
  expect(weight('linear')).toBe(linear);
  expect(weight('quadratic')).toBe(quadratic);
});

test.each([
  [{}, undefined],
  [{ limit: -1 }, 'max'],
  [{ limit: -1, swap: 0 }, 'max'],
  [{ limit: 2 ** 20, swap: -1 }, 'max'],
  [{ swap: -1 }, 'max'],
  [{ limit: 2 ** 20, swap: 0 }, undefined],
  [{ limit: 2 ** 20 }, undefined],
  [{ limit: 2 ** 20, swap: 2 ** 20 }, '0'],
  [{ limit: 2 ** 20, swap: 3 * 2 ** 20 }, '2097152'],
])('memory %j has the swap limit %s', (memory, swap) => {
  expect(v2({ memory })['memory.swap.max']).toBe(swap);
});

test.each([
  [{ swap: 2 ** 20 }, /and not memory/],
  [{ limit: 0, swap: 2 ** 20 }, /and not memory/],
  [{ limit: -1, swap: 2 ** 20 }, /and not memory/],
  [{ limit: 2 ** 21, swap: 2 ** 20 }, /less than memory/],
])('memory %j contradicts itself: no swap limit, and all the others', (memory, fault) => {
  expect(() => swapOf(resourcesOf({ memory }))).toThrow(fault);
  const faults: string[] = [];
  const limits = limitsV2(resourcesOf({ memory, pids: { limit: 7 } }), OPTIONS, (error) =>
    faults.push(error.message),
  );
  expect(faults).toEqual([expect.stringMatching(fault)]);
  expect(limits.map(({ file }) => file)).not.toContain('memory.swap.max');
  expect(limits.map(({ file }) => file)).toContain('pids.max');
});

test('0 and absent are not written, -1 is no limit', () => {
  const zero = { memory: { limit: 0, swap: 0, reservation: 0 }, cpu: { shares: 0 } };
  expect(v2({ ...zero, pids: { limit: 0 } })).toEqual({});
  expect(v2({})).toEqual({});
  const unlimited = { memory: { limit: -1, swap: -1, reservation: -1 }, cpu: { quota: -1 } };
  expect(v2({ ...unlimited, pids: { limit: -1 } })).toEqual({
    'memory.max': 'max',
    'memory.swap.max': 'max',
    'memory.low': 'max',
    'cpu.max': 'max 100000',
    'pids.max': 'max',
  });
});

test('a period without a quota, and a quota without a period', () => {
  expect(v2({ cpu: { period: 50_000 } })).toEqual({ 'cpu.max': 'max 50000' });
  expect(v2({ cpu: { quota: 20_000 } })).toEqual({ 'cpu.max': '20000 100000' });
  expect(v2({ cpu: { quota: 20_000, period: 0 } })).toEqual({ 'cpu.max': '20000 100000' });
});

test('the reservation is memory.low, and memory.min too where that is asked for', () => {
  const memory = { reservation: 2 ** 24 };
  expect(v2({ memory })).toEqual({ 'memory.low': '16777216' });
  expect(v2({ memory }, { memory_min: true })).toEqual({
    'memory.low': '16777216',
    'memory.min': '16777216',
  });
});

test('v1 takes memory and swap as the spec has them, in an order that the kernel accepts', () => {
  const resources = {
    memory: { limit: 2 ** 28, swap: 2 ** 29, reservation: 2 ** 27 },
    cpu: { quota: 50_000, period: 100_000, shares: 512 },
    pids: { limit: 100 },
  };
  expect(v1(resources)).toEqual([
    ['memory.limit_in_bytes', '268435456'],
    ['memory.memsw.limit_in_bytes', '536870912'],
    ['memory.soft_limit_in_bytes', '134217728'],
    ['cpu.shares', '512'],
    ['cpu.cfs_period_us', '100000'],
    ['cpu.cfs_quota_us', '50000'],
    ['pids.max', '100'],
  ]);
  expect(v1({ memory: { limit: -1, swap: 0 }, cpu: { quota: -1 }, pids: { limit: -1 } })).toEqual([
    ['memory.limit_in_bytes', '-1'],
    ['cpu.cfs_quota_us', '-1'],
    ['pids.max', 'max'],
  ]);
});

test('a limit is held as the kernel rounds it, and not otherwise', () => {
  const memory = (value: string) =>
    ({ controller: 'memory', file: '', value, lifted: '' }) as const;
  expect(isHeld('999424', memory('1000000'))).toBe(true);
  expect(isHeld('1003520', memory('1000000'))).toBe(false);
  expect(isHeld('max', memory('1000000'))).toBe(false);
  expect(isHeld('0', memory('1000000'))).toBe(false);
  expect(isHeld('9223372036854771712', memory('-1'))).toBe(true);
  expect(isHeld('max', memory('max'))).toBe(true);
  expect(isHeld('200000', { ...memory('262144'), controller: 'cpu' })).toBe(false);
});
