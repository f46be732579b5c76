import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { uncompress } from 'snappyjs';
import { expect, test } from 'vitest';
import { compressSnappy } from '../../../src/exporters/prometheusremotewrite/snappy.ts';

const PIECE = 256 * 1024;

function expectRoundTrip(bytes: Buffer): Buffer {
  const packed = compressSnappy(bytes);
  expect(Buffer.compare(Buffer.from(uncompress(packed)), bytes)).toBe(0);
  return packed;
}

test('what an independent library unpacks is what was packed', () => {
  const text = fc.string({ minLength: 1, maxLength: 300 }).map((part) => Buffer.from(part));
  const repeated = fc.tuple(text, fc.nat(2000)).map(([part, n]) => Buffer.alloc(n, part));
  const noise = fc.nat(3000).map((n) => randomBytes(n));
  const mixed = fc.array(fc.oneof(text, repeated, noise), { maxLength: 8 });
  fc.assert(fc.property(mixed, (parts) => void expectRoundTrip(Buffer.concat(parts))));
});

test.each([0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 17])('%d bytes', (size) => {
  expectRoundTrip(randomBytes(size));
  const packed = expectRoundTrip(Buffer.alloc(size, 'container_memory_rss'));
  expect(packed.length).toBeLessThan(64 + size / 15);
});
