import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endedPoint, isEnded, type Point } from '../../../src/pdata/point.ts';
import type { Series } from '../../../src/pdata/series.ts';
import { metricstransform } from '../../../src/processors/metricstransform/factory.ts';
import { at, counter, NOW, runProcessor, seriesOf, shown } from '../../support/processor.ts';

const NAMES = ['a', 'b', 'c'];
const VALUES = ['x', 'y', ''];
const word = fc.constantFrom(...NAMES);
const value = fc.constantFrom('x', 'y', 'z');
const OPERATION = fc.oneof(
  fc.record({ action: fc.constant('add_label'), new_label: word, new_value: value }),
  fc.record({ action: fc.constant('update_label'), label: word, new_label: word }),
  fc.record({
    ...{ action: fc.constant('update_label'), label: word },
    value_actions: fc.array(fc.record({ value, new_value: value }), { maxLength: 2 }),
  }),
  fc.record({ action: fc.constant('delete_label_value'), label: word, label_value: value }),
);
const COMMON = {
  include: fc.oneof(word, fc.constant('[ab]'), fc.constant('(.)')),
  match_type: fc.constant('regexp'),
  operations: fc.array(OPERATION, { maxLength: 2 }),
};
const NEW_NAMES = ['a', 'b', 'd', '${0}', '${0}e'];
const TRANSFORM = fc.oneof(
  fc.record({
    ...COMMON,
    action: fc.constant('insert'),
    new_name: fc.constantFrom(...NEW_NAMES),
  }),
  fc.record({
    ...COMMON,
    action: fc.constant('update'),
    new_name: fc.constantFrom('', ...NEW_NAMES),
  }),
);
/** A source gives all its series at each pass, or it has ended. */
const STEPS = fc.array(fc.subarray(NAMES), { minLength: 1, maxLength: 6 });

const SERIES: Series[] = NAMES.flatMap((name) =>
  VALUES.flatMap((a) => VALUES.map((b) => seriesOf(counter({ name }), { a, b }))),
);

test('no pass has two rows of one identity, whatever is renamed, and none changes its source', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(TRANSFORM, { minLength: 1, maxLength: 3 }),
      STEPS,
      async (transforms, steps) => {
        const { pass } = await runProcessor(metricstransform, JSON.stringify({ transforms }));
        const sources = new Map<string, number>();
        let before = new Set<Series>();
        for (const [i, alive] of steps.entries()) {
          const living = new Set(
            SERIES.filter(({ descriptor }) => alive.includes(descriptor.name)),
          );
          const ends = [...before]
            .filter((each) => !living.has(each))
            .map((each) => endedPoint(each, NOW + i));
          // The value tells the source.
          const points = [...living].map((each) => at(each, i + 1, SERIES.indexOf(each)));
          const out = await pass(...ends, ...points);
          for (const point of out.filter(isEnded)) sources.delete(identityOf(point));
          const rows = out.filter((point) => !isEnded(point));
          expect(new Set(rows.map(identityOf)).size).toBe(rows.length);
          for (const point of rows) {
            const [source] = point.kind === 'number' ? [point.value] : [];
            expect(sources.get(identityOf(point)) ?? source).toBe(source);
            sources.set(identityOf(point), source as number);
          }
          before = living;
        }
      },
    ),
    { numRuns: 500 },
  );
});

function identityOf({ series }: Point): string {
  const labels = Object.entries({ ...series.identity, ...series.labels });
  const named = labels.filter(([, text]) => text !== '').sort();
  return JSON.stringify([series.descriptor.name, named]);
}

test('an update that changes nothing gives what came', async () => {
  const { pass } = await runProcessor(
    metricstransform,
    'transforms: [{include: ".", match_type: regexp, action: update, new_name: "${0}"}]',
  );
  const points = SERIES.filter(({ labels }) => labels.a !== '' && labels.b !== '').map((each, i) =>
    at(each, 1, i),
  );
  expect(shown(await pass(...points))).toEqual(shown(points));
});
