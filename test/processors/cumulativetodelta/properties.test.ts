import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endedPoint, isEnded, type NumberPoint } from '../../../src/pdata/point.ts';
import { cumulativetodelta } from '../../../src/processors/cumulativetodelta/factory.ts';
import { deltatorate } from '../../../src/processors/deltatorate/factory.ts';
import { at, counter, NOW, runProcessor, seriesOf } from '../../support/processor.ts';

/** What happens to a counter between two reads. */
const STEP = fc.record({
  seconds: fc.integer({ min: 1, max: 100 }),
  gain: fc.integer({ min: 0, max: 2 ** 40 }),
  event: fc.oneof(
    { weight: 6, arbitrary: fc.constant('read' as const) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
    { weight: 1, arbitrary: fc.constant('lost' as const) },
    { weight: 1, arbitrary: fc.constant('other object' as const) },
  ),
});

test('deltas add up to what the source counted, exactly; their intervals follow each other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 1, maxLength: 40 }), async (steps) => {
      const { pass, dropped } = await runProcessor(cumulativetodelta, '');
      const rates = await runProcessor(deltatorate, 'metrics: [bytes]');
      let series = seriesOf(counter());
      let [seconds, value, start] = [0, 0, NOW];
      // What the source had counted when it was last read, over all its lives.
      let [before, total, counted, until] = [0, 0, 0, NOW];
      for (const { seconds: gap, gain, event } of steps) {
        seconds += gap;
        if (event === 'lost' || event === 'other object') {
          await pass(endedPoint(series, NOW + seconds * 1000));
          if (event === 'other object') series = seriesOf(counter());
          seconds += gap;
        }
        if (event === 'restart') {
          // What it counted after the last read, nobody knows.
          before += total;
          [value, total] = [0, 0];
          start = NOW + seconds * 1000 - 1;
        }
        value += gain;
        total = value;
        const out = (await pass(at(series, seconds, value, start))) as readonly NumberPoint[];
        for (const point of out) {
          expect(point.value).toBeGreaterThanOrEqual(0);
          expect(point.start).toBeGreaterThanOrEqual(until);
          expect(point.time).toBeGreaterThan(point.start);
          counted += point.value;
          until = point.time;
          const [rate] = (await rates.pass(point)) as readonly NumberPoint[];
          expect(rate?.value).toBeCloseTo((1000 * point.value) / (point.time - point.start), 6);
        }
        expect(out.some(isEnded)).toBe(false);
        expect(counted).toBe(before + total);
      }
      expect(dropped('reset') + dropped('late') + dropped('invalid')).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test('whatever comes, no delta is negative and none is counted twice', async () => {
  const points = fc.array(
    fc.record({
      seconds: fc.integer({ min: 0, max: 30 }),
      value: fc.integer({ min: 0, max: 30 }),
      start: fc.integer({ min: -5, max: 30 }),
      end: fc.integer({ min: 0, max: 9 }),
    }),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(points, fc.constantFrom('auto', 'keep', 'drop'), async (steps, initial) => {
      const { pass } = await runProcessor(cumulativetodelta, `initial_value: ${initial}`);
      const series = seriesOf(counter());
      let until = Number.NEGATIVE_INFINITY;
      for (const { seconds, value, start, end } of steps) {
        if (end === 0) await pass(endedPoint(series, NOW + seconds * 1000));
        const given = at(series, seconds, value, NOW + start * 1000);
        for (const point of (await pass(given)) as readonly NumberPoint[]) {
          expect(point.value).toBeGreaterThanOrEqual(0);
          expect(point.value).toBeLessThanOrEqual(value);
          expect(point.start).toBeGreaterThanOrEqual(until);
          until = point.time;
        }
      }
    }),
    { numRuns: 1000 },
  );
});
