import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode } from '../../src/confmap/decode.ts';
import { duration, endpoint, glob } from '../../src/confmap/formats.ts';
import { descriptionOf } from '../../src/confmap/json-schema.ts';

function decoded<T>(codec: Parameters<typeof decode<T>>[0], value: T): T {
  const conf = { value: descriptionOf(codec).encode(value), locate: () => undefined };
  return decode(codec, conf);
}

test.each([
  [0, '0s'],
  [60_000, '1m'],
  [90_061_001, '25h1m1s1ms'],
  [0.25, '250000ns'],
])('%s ms are told as %s', (millis, text) => {
  expect(descriptionOf(duration()).encode(millis)).toBe(text);
});

test('what a duration is told as decodes to it', () => {
  const whole = fc.nat();
  const parts = fc.nat({ max: 999_999_999 }).map((nanos) => nanos / 1e6);
  fc.assert(
    fc.property(fc.oneof(whole, parts), (millis) => {
      expect(decoded(duration(), millis)).toBeCloseTo(millis, 6);
    }),
  );
});

test('what an endpoint is told as decodes to it', () => {
  const host = fc.oneof(fc.constant(''), fc.domain(), fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(fc.record({ host, port: fc.integer({ min: 0, max: 65_535 }) }), (value) => {
      expect(decoded(endpoint(), value)).toEqual(value);
    }),
  );
});

test('what a glob is told as decodes to it', () => {
  const made = decoded(glob(), { text: '/a*/**', matches: () => false });
  expect(made.text).toBe('/a*/**');
  expect([made.matches('/ab/c/d'), made.matches('/b/c')]).toEqual([true, false]);
});
