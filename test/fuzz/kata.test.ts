import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createAssembler } from '../../src/platform/kata/assemble.ts';
import { createExpositionParser, ExpositionError } from '../../src/platform/kata/exposition.ts';
import { parseSandboxes } from '../../src/platform/kata/monitor.ts';
import { conversionOf } from '../../src/receivers/kata/conversions.ts';
import { createGuestReader } from '../../src/receivers/kata/guest.ts';
import { fuzz } from './fuzz.ts';

const texts = globSync('test/fixtures/kata/*.prom').map((path) => readFileSync(path, 'utf8'));
/** Parts of the samples: a change in a short text hits more often. */
const parts = texts.flatMap((text) => text.match(/(?:.*\n){1,40}/g) ?? []);
const EMITTER = { runtime: 'rs', cgroupVersion: 1, pageBytes: 4096 } as const;

test('what a guest writes: rows of bounded size, true histograms, no value below 0', () => {
  const parse = createExpositionParser();
  const assemble = createAssembler();
  const readGuest = createGuestReader();
  expect(parts.length).toBeGreaterThan(10);
  fuzz({
    share: 20,
    seeds: parts.map((part) => Buffer.from(part)),
    run(input) {
      try {
        const exposition = parse(input.toString());
        const { numbers, distributions } = assemble(exposition);
        for (const { head, value } of numbers) {
          const { name, labels, convert } = conversionOf(head, EMITTER);
          if (!/^[\w:]+$/.test(name)) throw new Error(name);
          if (Object.keys(labels).length > 32) throw new Error('labels');
          const converted = convert(value);
          if (
            converted !== undefined &&
            !(converted >= 0 && converted < Number.POSITIVE_INFINITY)
          ) {
            throw new Error(`${converted} of ${value}`);
          }
        }
        for (const { distribution } of distributions) {
          if (distribution.kind !== 'histogram') continue;
          const total = distribution.counts.reduce((sum, count) => sum + count, 0);
          if (total !== distribution.count) throw new Error('buckets');
        }
        const { interfaces, busySeconds = 0 } = readGuest(numbers);
        if (!(busySeconds >= 0) || interfaces.some(({ name }) => name === 'lo'))
          throw new Error('guest');
      } catch (error) {
        if (!(error instanceof ExpositionError)) throw error;
      }
      parseSandboxes(input.toString());
    },
  });
});
