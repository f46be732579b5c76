import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { endedPoint, numberPoint } from '../../../src/pdata/point.ts';
import { createSeries } from '../../../src/pdata/series.ts';
import { createReceiver } from '../../support/remote-write/receiver.ts';
import { createEncoding } from './running.ts';

const T = 1_760_000_000_000;
const METRIC = MEMORY.container_memory_rss;
const RESOURCE = { attributes: { 'host.name': 'n', 'service.name': 'agent' } };

/** Two label sets, each of three objects that may speak for it. */
const NAMES = ['a', 'b'];
const event = fc.record({
  labels: fc.nat(1),
  object: fc.nat(2),
  isEnd: fc.boolean(),
  time: fc.nat(12),
  value: fc.nat(3),
});

test('whatever comes in, each series goes out in order, and nothing is invented or lost uncounted', async () => {
  const batches = fc.array(fc.array(event, { maxLength: 8 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(batches, async (given) => {
      const { requestsOf, count } = await createEncoding('max_batch_size_bytes: 1024');
      const series = NAMES.map((name) =>
        [0, 1, 2].map(() => createSeries(METRIC, { pod: name }, {}, RESOURCE)),
      );
      const { rows, accept } = createReceiver();
      let sent = 0;
      let live = 0;
      // At the end all of them end.
      const last = [0, 1].flatMap((labels) =>
        [0, 1, 2].map((object) => ({ labels, object, isEnd: true, time: 20, value: 0 })),
      );
      for (const events of [...given, last]) {
        const points = events.map(({ labels, object, isEnd, time, value }) => {
          const one = series[labels]?.[object] as (typeof series)[0][0];
          return isEnd ? endedPoint(one, T + time) : numberPoint(one, 0, T + time, value);
        });
        for (const request of requestsOf(points)) {
          sent += request.count;
          for (const each of request.series) expect(accept(each)).toBeUndefined();
        }
        live += events.filter(({ isEnd }) => !isEnd).length;
      }
      let values = 0;
      let ends = 0;
      for (const [key, samples] of rows) {
        const labels = Object.fromEntries(JSON.parse(key));
        if (labels.__name__ === 'target_info') continue;
        const all = given.flat().filter((each) => NAMES[each.labels] === labels.pod);
        expect(samples.at(-1)?.value).toBe('stale');
        for (const { value, time } of samples) {
          if (value === 'stale') ends++;
          else {
            values++;
            expect(
              all.some((each) => !each.isEnd && each.value === value && T + each.time === time),
            ).toBe(true);
          }
        }
        // A stale marker follows a value, never another marker.
        samples.forEach(({ value }, i) => {
          if (value === 'stale') expect(samples[i - 1]?.value).toBeTypeOf('number');
        });
      }
      expect(sent).toBe(values + ends);
      const refused =
        count('sandgauge_exporter_refused_points') + count('sandgauge_exporter_duplicate_points');
      const repeated = live - values - refused;
      expect(repeated).toBeGreaterThanOrEqual(0);
      // A repeat has the value and the time of one that was sent.
      const twins = given
        .flat()
        .filter(
          (one, i, all) =>
            !one.isEnd &&
            all.findIndex(
              (other) =>
                !other.isEnd &&
                other.labels === one.labels &&
                other.time === one.time &&
                other.value === one.value,
            ) < i,
        );
      expect(repeated).toBeLessThanOrEqual(twins.length);
    }),
    { numRuns: 500 },
  );
});
