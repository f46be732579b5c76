import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CPU } from '../../../src/catalog/cpu.ts';
import { createCores } from '../../../src/exporters/cri/cores.ts';
import { nanosOfMillis, nanosOfSeconds } from '../../../src/exporters/cri/nanos.ts';
import { numberPoint } from '../../../src/pdata/point.ts';
import { createSeries, NO_LABELS } from '../../../src/pdata/series.ts';

const SERIES = createSeries(CPU.container_cpu_usage_seconds_total, {}, NO_LABELS, {
  attributes: {},
});
const at = (seconds: number, value: number, start = 1) =>
  numberPoint(SERIES, start, seconds * 1000, value);

describe('nanoseconds', () => {
  test('what a kernel counts in ns or µs comes back as it was', () => {
    const nanos = fc.integer({ min: 0, max: 2 ** 51 });
    fc.assert(fc.property(nanos, (n) => nanosOfSeconds(n / 1e9) === BigInt(n)));
    // Thirty years of CPU time: a product of a double would be wrong by 128 ns.
    const micros = fc.integer({ min: 0, max: 1e15 });
    fc.assert(
      fc.property(micros, (n) => {
        const difference = nanosOfSeconds(n / 1e6) - BigInt(n) * 1000n;
        expect(difference < 500n && difference > -500n).toBe(true);
      }),
    );
  });

  test('a larger value never gives less', () => {
    const seconds = fc.double({ min: 0, max: 1e10, noNaN: true });
    fc.assert(
      fc.property(seconds, seconds, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(nanosOfSeconds(low) <= nanosOfSeconds(high)).toBe(true);
      }),
    );
  });

  test('times are past 2^53 and whole to the microsecond', () => {
    expect(nanosOfMillis(1_800_000_000_123)).toBe(1_800_000_000_123_000_000n);
    expect(nanosOfMillis(1_800_000_000_123.5)).toBe(1_800_000_000_123_500_000n);
  });
});

describe('cores', () => {
  test('the first sample and those of 10 s give nothing', () => {
    const cores = createCores();
    expect(cores.value()).toBeUndefined();
    for (const second of [0, 1, 5, 9.9]) {
      cores.add(at(second, second * 2));
      expect(cores.value()).toBeUndefined();
    }
    cores.add(at(10, 20));
    expect(cores.value()).toBeCloseTo(2, 9);
  });

  test('one interval where points come seldom', () => {
    const cores = createCores();
    cores.add(at(0, 100));
    cores.add(at(60, 130));
    expect(cores.value()).toBe(0.5);
    cores.add(at(120, 130));
    expect(cores.value()).toBe(0);
  });

  test('no time between two samples divides by nothing', () => {
    const cores = createCores();
    for (const point of [at(0, 1), at(0, 2), at(20, 21), at(20, 25)]) cores.add(point);
    expect(cores.value()).toBe(1);
  });

  test('a counter that went back, or began anew, begins a new window', () => {
    const cores = createCores();
    for (const point of [at(0, 100), at(20, 120), at(30, 3)]) cores.add(point);
    expect(cores.value()).toBeUndefined();
    cores.add(at(50, 13));
    expect(cores.value()).toBe(0.5);
    // Higher than before, yet another life.
    cores.add(at(60, 500, 55_000));
    expect(cores.value()).toBeUndefined();
  });

  test('for any samples it is finite, not negative, and no faster than the fastest part', () => {
    const sample = fc.record({
      gap: fc.double({ min: -5, max: 40, noNaN: true }),
      rate: fc.double({ min: 0, max: 8, noNaN: true }),
      isReset: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 60 }), (samples) => {
        const cores = createCores();
        let [time, value, start] = [100, 0, 1];
        for (const { gap, rate, isReset } of samples) {
          time += Math.max(0, gap);
          value = isReset ? 0 : value + rate * Math.max(0, gap);
          if (isReset) start = time * 1000;
          cores.add(at(gap < 0 ? time + gap : time, value, start));
          const told = cores.value() ?? 0;
          expect(told).toBeGreaterThanOrEqual(0);
          expect(told).toBeLessThan(8.001);
        }
      }),
    );
  });
});
