import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endedPoint, isEnded, type NumberPoint, type Point } from '../../../src/pdata/point.ts';
import { CPU_SERIES, MEMORY_SERIES, START, sample, seriesOf, setUp } from './set-up.ts';

const NAMES = ['mean', 'last', 'min', 'max', 'p50', 'p95', 'p99'] as const;
const HOW = fc.record({
  function: fc.constantFrom(...NAMES),
  samples: fc.integer({ min: 1, max: 5 }),
});
const DOUBLES = fc.double({ noNaN: true, min: 0, max: 1e18 });
const VALUES = fc.oneof(fc.integer({ min: 0, max: 20 }), DOUBLES);

/** What may happen to a series: a sample, its end, a reader. */
const STEP = fc.oneof(
  { weight: 8, arbitrary: fc.record({ seconds: fc.integer({ min: 0, max: 60 }), value: VALUES }) },
  { weight: 1, arbitrary: fc.constant('end' as const) },
  { weight: 3, arbitrary: fc.constant('read' as const) },
);
/** Samples by a clock that mostly goes on, of a counter that mostly grows. */
const STEPS = fc.array(
  fc.record({
    step: STEP,
    goesOn: fc.integer({ min: 0, max: 4 }),
    starts: fc.integer({ min: 0, max: 9 }),
  }),
  { maxLength: 60 },
);

interface Told {
  /** What the processor took since the last reader, and before. */
  readonly taken: NumberPoint[];
  readonly points: readonly Point[];
}

async function run(
  steps: readonly (typeof STEPS extends fc.Arbitrary<(infer T)[]> ? T : never)[],
  how: object,
) {
  const yaml = JSON.stringify({ emit: 'on_read', rules: [], default: how });
  const { take, passed, read } = setUp(yaml);
  const told: Told[] = [];
  let taken: NumberPoint[] = [];
  let seconds = 0;
  let value = 0;
  let start = START;
  for (const { step, goesOn, starts } of steps) {
    let points: Point[] = [];
    if (step === 'read') points = await read();
    else if (step === 'end') {
      await take([endedPoint(CPU_SERIES, START + seconds * 1000)]);
      points = passed();
    } else {
      seconds = goesOn > 0 ? seconds + step.seconds : step.seconds;
      if (starts === 0) start = START + seconds * 1000 - 1;
      if (starts === 1) start = 0;
      value = goesOn > 1 ? value + step.value : step.value;
      const point = { ...sample(CPU_SERIES, seconds, value), start };
      await take([point]);
      taken.push(point);
    }
    if (points.length === 0) continue;
    told.push({ taken, points });
    taken = [];
  }
  told.push({ taken, points: await read() });
  return told;
}

test('a counter never goes back within a start time, nor does its time', async () => {
  await fc.assert(
    fc.asyncProperty(STEPS, HOW, async (steps, how) => {
      const highest = new Map<number, number>();
      let time = 0;
      for (const { points } of await run(steps, how)) {
        for (const point of points) {
          if (isEnded(point) || point.kind !== 'number') continue;
          expect(point.time).toBeGreaterThanOrEqual(time);
          expect(point.value).toBeGreaterThanOrEqual(highest.get(point.start) ?? 0);
          expect(point.start).toBeLessThanOrEqual(point.time);
          highest.set(point.start, point.value);
          time = point.time;
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('what is told of a counter is within the samples since the last time', async () => {
  await fc.assert(
    fc.asyncProperty(STEPS, HOW, async (steps, how) => {
      for (const { taken, points } of await run(steps, how)) {
        const [point] = points.filter((each) => !isEnded(each)) as NumberPoint[];
        if (point === undefined) continue;
        expectWithin(point, taken);
      }
    }),
    { numRuns: 1000 },
  );
});

test('a mean of a gauge, weighted or not, is between its samples, in value and in time', async () => {
  const samples = fc.array(
    fc.record({
      gap: fc.integer({ min: 0, max: 100 }),
      value: fc.oneof(
        fc.integer({ min: -9, max: 9 }),
        fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
      ),
    }),
    { minLength: 1, maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(samples, fc.boolean(), fc.boolean(), async (given, isWeighted, isInt) => {
      const how = `{function: mean, samples: 30, time_weighted: ${isWeighted}}`;
      const { take, read } = setUp(`{emit: on_read, rules: [], default: ${how}}`);
      const valueType = isInt ? 'int' : 'double';
      const series = seriesOf({ ...MEMORY_SERIES.descriptor, valueType });
      let seconds = 0;
      const taken = given.map(({ gap, value }) => {
        seconds += gap;
        return sample(series, seconds, isInt ? Math.round(value) : value);
      });
      await take(taken);
      const [point] = (await read()) as NumberPoint[];
      expectWithin(point as NumberPoint, taken);
      if (isInt) expect(Number.isInteger(point?.value)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('without gaps and resets the mean is the mean', async () => {
  const gains = fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 3, maxLength: 3 });
  const base = fc.integer({ min: 0, max: 2 ** 40 });
  await fc.assert(
    fc.asyncProperty(base, gains, async (from, [a = 0, b = 0, c = 0]) => {
      const { take, read } = setUp('emit: on_read');
      const values = [from + a, from + a + b, from + a + b + c];
      await take(values.map((value, i) => sample(CPU_SERIES, 10 * i, value)));
      const [point] = (await read()) as NumberPoint[];
      expect(point?.value).toBeCloseTo(from + (3 * a + 2 * b + c) / 3, 3);
      expect(point?.time).toBe(START + 10_000);
    }),
  );
});

function expectWithin(point: NumberPoint, taken: readonly NumberPoint[]): void {
  const times = taken.map(({ time }) => time);
  const values = taken.map(({ value }) => value);
  expect(point.time).toBeGreaterThanOrEqual(Math.min(...times));
  expect(point.time).toBeLessThanOrEqual(Math.max(...times));
  expect(point.value).toBeGreaterThanOrEqual(Math.min(...values));
  expect(point.value).toBeLessThanOrEqual(Math.max(...values));
}
