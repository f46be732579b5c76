import { describe, expect, test } from 'vitest';
import { CPU } from '../../../src/catalog/cpu.ts';
import type { Descriptor } from '../../../src/pdata/descriptor.ts';
import type { HistogramPoint, NumberPoint, SummaryPoint } from '../../../src/pdata/point.ts';
import { CPU_SERIES, MEMORY_SERIES, START, sample, seriesOf, setUp, told } from './set-up.ts';

const all = (how: string) => `{emit: on_read, rules: [], default: {${how}}}`;

describe('gauges', () => {
  test.each([
    ['mean', [25, 5]],
    ['last', [40, 6]],
    ['min', [40, 6 - 5]],
    ['max', [20, 9]],
    ['sum', [40, 20]],
    ['p50', [30, 4]],
    ['p95', [20, 9]],
    ['p99', [20, 9]],
  ])('%s: a value at the time at which it was, a mean at the mean time', async (name, expected) => {
    const { take, read } = setUp(all(`function: ${name}, samples: 4`));
    const values = name === 'min' ? [1, 9, 4, 1] : [1, 9, 4, 6];
    for (const [i, value] of values.entries()) {
      await take([sample(MEMORY_SERIES, 10 * (i + 1), value)]);
    }
    expect(told(await read())).toEqual([expected]);
  });

  test('time_weighted: a value that held for long weighs more', async () => {
    const { take, read } = setUp(all('function: mean, samples: 3, time_weighted: true'));
    for (const [seconds, value] of [
      [0, 100],
      [10, 100],
      [100, 1000],
    ] as const) {
      await take([sample(MEMORY_SERIES, seconds, value)]);
    }
    // 10 s at 100, then 90 s at 550 in the middle.
    expect(told(await read())).toEqual([[50, 505]]);
    await take([sample(MEMORY_SERIES, 110, 7)]);
    expect(told(await read())).toEqual([[110, 7]]);
  });

  test('whole numbers stay whole, also where they are larger than doubles can tell apart', async () => {
    const { take, read } = setUp(all('function: mean, samples: 3'));
    for (const value of [1, 2, 2]) await take([sample(MEMORY_SERIES, value, value)]);
    for (const value of [3, 4, 5]) await take([sample(MEMORY_SERIES, value, 2 ** 60)]);
    expect(told(await read())).toEqual([[4, 2 ** 60]]);
    for (const value of [6, 7]) await take([sample(MEMORY_SERIES, value, 2 ** 53 - 8 + value)]);
    expect((await read()).map((point) => (point as NumberPoint).value)).toEqual([2 ** 53 - 1]);
  });
});

describe('counters', () => {
  const counter = async (name: string, samples: readonly NumberPoint[]) => {
    const { take, read, log } = setUp(all(`function: ${name}, samples: 4`));
    await take(samples);
    return { points: await read(), log };
  };
  const growing = [1, 3, 6, 10].map((value, i) => sample(CPU_SERIES, 10 * i, value));

  test.each([
    ['mean', [15, 5]],
    ['min', [0, 1]],
    ['max', [30, 10]],
    ['p50', [10, 3]],
    ['p95', [30, 10]],
  ])('%s is a point that the counter had, or between two', async (name, expected) => {
    const { points } = await counter(name, growing);
    expect(told(points)).toEqual([expected]);
    expect(points[0]).toMatchObject({ start: START });
  });

  test('sum is the last one, which is said once', async () => {
    const { points, log } = await counter('sum', growing);
    expect(told(points)).toEqual([[30, 10]]);
    expect(log).toEqual(['Readings of a counter cannot be summed: its last one is taken']);
  });

  test('a new start time empties the window', async () => {
    const later = { ...sample(CPU_SERIES, 40, 20), start: START + 35_000 };
    const { points } = await counter('mean', [...growing, later]);
    expect(points).toEqual([later]);
  });

  test('a counter that went back has begun after the last sample before that', async () => {
    const { points } = await counter('mean', [
      ...growing,
      sample(CPU_SERIES, 40, 2),
      sample(CPU_SERIES, 50, 4),
    ]);
    expect(told(points)).toEqual([[45, 3]]);
    expect(points[0]?.start).toBe(START + 30_000);
  });

  test('late and invalid samples are left out and counted; one of the same time replaces', async () => {
    const { take, read, metrics } = setUp(all('function: mean, samples: 4'));
    await take([sample(CPU_SERIES, 20, 4), sample(CPU_SERIES, 10, 2)]);
    await take([sample(CPU_SERIES, 30, Number.NaN), sample(MEMORY_SERIES, 30, Number.NaN)]);
    await take([sample(CPU_SERIES, 30, 5), sample(CPU_SERIES, 30, 6)]);
    await take([sample(CPU_SERIES, 30, 1)]);
    expect(told(await read())).toEqual([[25, 5]]);
    const name = 'sandgauge_processor_dropped_points';
    expect(metrics.values()).toMatchObject({
      [`${name}{processor="aggregate",reason="late"}`]: 2,
      [`${name}{processor="aggregate",reason="invalid"}`]: 2,
    });
  });

  test('what was handed on before a series ended counts when it comes back', async () => {
    const { take, read, passed } = setUp(all('function: last'));
    await take([sample(CPU_SERIES, 10, 5)]);
    await take([{ ...sample(CPU_SERIES, 20, 0), flags: 1 }]);
    expect(told(passed())).toEqual([[10, 5], 'ended']);
    await take([sample(CPU_SERIES, 5, 1)]);
    expect(await read()).toEqual([]);
    await take([sample(CPU_SERIES, 30, 6)]);
    expect(told(await read())).toEqual([[30, 6]]);
  });
});

describe('histograms, summaries and deltas', () => {
  const like = (own: Partial<Descriptor>): Descriptor => ({
    ...CPU.container_cpu_usage_seconds_total,
    ...own,
  });

  test('of histograms and summaries the last one is handed on', async () => {
    const head = { start: START, flags: 0, sum: 1 };
    const histogram = (time: number, count: number): HistogramPoint => ({
      ...{ kind: 'histogram', ...head, time, count, bounds: [1], counts: [count, 0] },
      series: HISTOGRAM,
    });
    const summary: SummaryPoint = {
      ...{ kind: 'summary', ...head, time: START + 5, count: 3, quantiles: [[0.5, 1]] },
      series: seriesOf(like({ type: 'summary', monotonic: false, temporality: 'unspecified' })),
    };
    const { take, read } = setUp(all('function: mean, samples: 3'));
    await take([histogram(START + 1, 1), histogram(START + 2, 2), summary]);
    expect(await read()).toEqual([histogram(START + 2, 2), summary]);
    await take([histogram(START + 3, 1)]);
    expect(await read()).toEqual([{ ...histogram(START + 3, 1), start: START + 2 }]);
  });

  const HISTOGRAM = seriesOf(like({ type: 'histogram', monotonic: false }));

  test('deltas are not held, as each is a part of the whole', async () => {
    const series = seriesOf(like({ temporality: 'delta' }));
    const { take, read, passed } = setUp(all('function: mean, samples: 3'));
    await take([sample(series, 1, 5), sample(MEMORY_SERIES, 1, 1), sample(series, 2, 3)]);
    expect(told(passed())).toEqual([
      [1, 5],
      [2, 3],
    ]);
    expect(told(await read())).toEqual([[1, 1]]);
  });
});
