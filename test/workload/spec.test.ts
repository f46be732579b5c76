import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Limits } from '../../src/platform/cgroupfs/limits.ts';
import { type OciResources, parseOciSpec } from '../../src/platform/oci/spec.ts';
import { SPEC_ROWS, type Spec, specOf } from '../../src/workload/spec.ts';

const MIB = 2 ** 20;
const HOST = 8 * 2 ** 30;
const INF = Number.POSITIVE_INFINITY;
const NO_LIMITS: Limits = {
  periodMicros: undefined,
  quotaMicros: undefined,
  shares: undefined,
  weight: undefined,
  memoryBytes: undefined,
  swapBytes: undefined,
  reservationBytes: undefined,
};

function ociOf(resources: object): OciResources {
  return parseOciSpec({ linux: { resources } }).resources;
}

function spec(oci: object | undefined, kernel: Partial<Limits>, version: 1 | 2 = 2): Spec {
  return specOf({
    oci: oci === undefined ? undefined : ociOf(oci),
    kernel: { ...NO_LIMITS, ...kernel },
    version,
    hostMemoryBytes: HOST,
  });
}

const weightOnly = (weight: number) => spec(undefined, { weight }).shares;

describe('container_spec_cpu_shares', () => {
  // shares, weight and what cAdvisor prints of it: linear, then quadratic.
  const TABLE = [
    [2, 1, 2, 1, 2],
    [102, 4, 80, 17, 421],
    [512, 20, 500, 59, 1522],
    [1024, 39, 998, 100, 2597],
    [262_144, 10_000, 262_144, 10_000, 262_144],
  ] as const;
  test.each(TABLE)(
    '%i shares, by its cgroup alone, linear %i -> %i, quadratic %i -> %i',
    (...row) => {
      const [, linear, linearPrinted, quadratic, quadraticPrinted] = row;
      expect(weightOnly(linear)).toBe(linearPrinted);
      expect(weightOnly(quadratic)).toBe(quadraticPrinted);
    },
  );

  test.each(TABLE)(
    '%i shares of the OCI spec stand, whichever conversion gave the weight',
    (...row) => {
      const [shares, linear, , quadratic] = row;
      for (const weight of [linear, quadratic]) {
        expect(spec({ cpu: { shares } }, { weight }).shares).toBe(shares);
      }
    },
  );

  test('every share survives both conversions, computed apart from the code', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 262_144 }), (shares) => {
        const log = Math.log2(shares);
        const linear = 1n + ((BigInt(shares) - 2n) * 9999n) / 262_142n;
        const quadratic = Math.ceil(10 ** ((log ** 2 + 125 * log) / 612 - 7 / 34));
        // One of two neighbours where the exponent is an integer but for its rounding.
        const near = [quadratic, shares === 1024 ? 100 : quadratic];
        const weights = [Number(linear), ...near].map((weight) => Math.min(10_000, weight));
        for (const weight of weights) {
          expect(spec({ cpu: { shares } }, { weight }).shares).toBe(shares);
        }
      }),
    );
  });

  test('a weight that no conversion of the OCI shares gives was changed in place', () => {
    expect(spec({ cpu: { shares: 512 } }, { weight: 39 }).shares).toBe(998);
    expect(spec({ cpu: { shares: 512 } }, { weight: 4 }).shares).toBe(80);
  });

  test('v1 tells shares themselves; the default is no change', () => {
    expect(spec({ cpu: { shares: 512 } }, { shares: 2048 }, 1).shares).toBe(2048);
    expect(spec({ cpu: { shares: 512 } }, { shares: 512 }, 1).shares).toBe(512);
    expect(spec({ cpu: { shares: 512 } }, { shares: 1024 }, 1).shares).toBe(512);
    expect(spec(undefined, { shares: 1024 }, 1).shares).toBe(1024);
  });

  test('nobody tells: no row', () => {
    expect(spec({}, {}).shares).toBeUndefined();
    expect(spec(undefined, {}).shares).toBeUndefined();
  });
});

describe('CPU quota', () => {
  const limits = { quotaMicros: 20_000, periodMicros: 100_000 };
  test.each([
    ['v2 max', undefined, { quotaMicros: INF, periodMicros: 100_000 }, undefined],
    ['the kernel alone', undefined, limits, 20_000],
    ['the OCI spec alone', { cpu: { quota: 50_000, period: 100_000 } }, {}, 50_000],
    ['OCI -1', { cpu: { quota: -1, period: 100_000 } }, {}, undefined],
    ['OCI 0', { cpu: { quota: 0 } }, {}, undefined],
    ['changed in place', { cpu: { quota: 50_000, period: 100_000 } }, limits, 20_000],
    ['given in place', { cpu: { quota: -1 } }, limits, 20_000],
  ])('%s', (_, oci, kernel, expected) => {
    expect(spec(oci, kernel).quotaMicros).toBe(expected);
  });

  test('the period is told without a quota', () => {
    expect(spec({}, { quotaMicros: INF, periodMicros: 100_000 }).periodMicros).toBe(100_000);
    expect(spec({ cpu: { period: 50_000 } }, limits).periodMicros).toBe(100_000);
  });
});

describe('memory', () => {
  test.each([
    ['unlimited', undefined, INF, 0],
    ['a raw 0 is the memory of the host', undefined, 0, HOST],
    ['the kernel alone', undefined, 128 * MIB, 128 * MIB],
    ['the OCI spec in bytes, the kernel in pages', 134_217_000, 134_213_632, 134_217_000],
    ['changed in place', 128 * MIB, 256 * MIB, 256 * MIB],
    ['the compat cgroup of a sandbox holds nothing', 128 * MIB, INF, 128 * MIB],
    ['OCI unlimited', -1, INF, 0],
    ['limited in place', -1, 64 * MIB, 64 * MIB],
    ['not told', undefined, undefined, undefined],
  ])('%s', (_, limit, memoryBytes, expected) => {
    const oci = limit === undefined ? undefined : { memory: { limit } };
    expect(spec(oci, { memoryBytes }).memoryLimitBytes).toBe(expected);
  });

  test('of a container without any cgroup what the OCI spec leaves out is unlimited', () => {
    const sources = { oci: ociOf({}), kernel: undefined, hostMemoryBytes: HOST } as const;
    expect(specOf({ ...sources, version: 2 })).toMatchObject({
      memoryLimitBytes: 0,
      swapLimitBytes: 0,
      reservationBytes: 0,
      quotaMicros: undefined,
    });
  });

  test('swap: v1 tells memory and swap together, v2 swap alone; OCI speaks as v1 does', () => {
    const memory = { limit: 100 * MIB, swap: 150 * MIB };
    expect(spec({ memory }, {}, 1).swapLimitBytes).toBe(150 * MIB);
    expect(spec({ memory }, {}, 2).swapLimitBytes).toBe(50 * MIB);
    expect(spec({ memory }, { swapBytes: 150 * MIB }, 1).swapLimitBytes).toBe(150 * MIB);
    expect(spec({ memory }, { swapBytes: 50 * MIB }, 2).swapLimitBytes).toBe(50 * MIB);
    expect(spec({ memory }, { swapBytes: 20 * MIB }, 2).swapLimitBytes).toBe(20 * MIB);
    const none = { limit: 100 * MIB, swap: 100 * MIB };
    expect(spec({ memory: none }, { swapBytes: 0 }, 2).swapLimitBytes).toBe(0);
    expect(spec({ memory: { swap: -1 } }, { swapBytes: INF }, 2).swapLimitBytes).toBe(0);
    expect(spec(undefined, { swapBytes: INF }, 2).swapLimitBytes).toBe(0);
    expect(spec(undefined, {}, 2).swapLimitBytes).toBeUndefined();
  });

  test('swap below memory is nonsense, and never negative', () => {
    expect(spec({ memory: { limit: 9, swap: 5 } }, {}, 2).swapLimitBytes).toBe(0);
  });

  test('reservation', () => {
    const memory = { reservation: 16 * MIB };
    expect(spec({ memory }, { reservationBytes: 16 * MIB }).reservationBytes).toBe(16 * MIB);
    expect(spec(undefined, { reservationBytes: 0 }).reservationBytes).toBe(0);
    expect(spec(undefined, { reservationBytes: INF }, 1).reservationBytes).toBe(0);
  });
});

test('whatever is told, no row is negative, unlimited or no number', () => {
  const any = fc.option(fc.oneof(fc.integer({ min: -1, max: 2 ** 31 }), fc.constant(2 ** 63)), {
    nil: undefined,
  });
  const limit = fc.option(fc.oneof(fc.nat(), fc.constant(INF)), { nil: undefined });
  const cpu = fc.record({ shares: fc.nat(300_000), quota: any, period: fc.nat(1e6) });
  const memory = fc.record({ limit: any, swap: any, reservation: any });
  const kernel = fc.record({
    periodMicros: limit,
    quotaMicros: limit,
    shares: fc.option(fc.nat(262_144), { nil: undefined }),
    weight: fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined }),
    memoryBytes: limit,
    swapBytes: limit,
    reservationBytes: limit,
  });
  fc.assert(
    fc.property(cpu, memory, kernel, fc.constantFrom(1, 2), (cpu, memory, kernel, version) => {
      const made = spec({ cpu, memory }, kernel, version as 1 | 2);
      for (const [, value] of SPEC_ROWS) {
        const row = value(made);
        if (row !== undefined) expect(row >= 0 && row < INF).toBe(true);
      }
    }),
  );
});
