import fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { decode } from '../../../src/platform/cri/decode.ts';
import { encode } from '../../../src/platform/cri/encode.ts';
import type { Field, Fields, MessageType } from '../../../src/platform/cri/message.ts';
import { METHODS } from '../../../src/platform/cri/methods.ts';

type Message = MessageType<Fields>;

const TYPES = Object.entries(METHODS).flatMap(([name, { request, response }]) => [
  [`${name} request`, request as Message] as const,
  [`${name} response`, response as Message] as const,
]);

/** The same table, read by protobufjs. */
const root = new protobuf.Root();
root.add(new protobuf.Type('UInt64Value').add(new protobuf.Field('value', 1, 'uint64')));

function peerOf(type: Message): protobuf.Type {
  const known = root.get(type.name);
  if (known instanceof protobuf.Type) return known;
  const made = new protobuf.Type(type.name);
  root.add(made);
  for (const [name, { number, kind, isRepeated, of }] of Object.entries(type.fields)) {
    if (kind === 'labels') made.add(new protobuf.MapField(name, number, 'string', 'string'));
    else
      made.add(
        new protobuf.Field(name, number, typeOf(kind, of), isRepeated ? 'repeated' : undefined),
      );
  }
  return made;
}

function typeOf(kind: Field['kind'], of: Message | undefined): string {
  if (of !== undefined) return peerOf(of).name;
  return { wrapped: 'UInt64Value', enum: 'int32' }[kind as string] ?? kind;
}

/** What protobufjs gives, in our terms: its 64-bit numbers are texts, wrapped ones are messages. */
function fromPeer(type: Message, object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(type.fields).map(([name, field]) => {
      const value = object[name];
      if (field.of === undefined) return [name, plain(field, value)];
      const of = field.of;
      const inner = (each: unknown) => fromPeer(of, each as Record<string, unknown>);
      if (field.isRepeated) return [name, (value as unknown[]).map(inner)];
      return [name, value === null || value === undefined ? undefined : inner(value)];
    }),
  );
}

function plain({ kind }: Field, value: unknown): unknown {
  if (kind === 'int64' || kind === 'uint64') return BigInt(value as string);
  if (kind !== 'wrapped') return value;
  return value === null || value === undefined
    ? undefined
    : BigInt((value as { value: string }).value);
}

function arbitraryOf({ fields }: Message): fc.Arbitrary<Record<string, unknown>> {
  const shapes = Object.entries(fields).map(([name, field]) => [name, valuesOf(field)] as const);
  return fc.record(Object.fromEntries(shapes), { requiredKeys: [] });
}

function valuesOf({ kind, isRepeated, of }: Field): fc.Arbitrary<unknown> {
  const text = fc.string({ unit: 'binary', maxLength: 200 }).map((each) => each.toWellFormed());
  const kinds: Record<Field['kind'], () => fc.Arbitrary<unknown>> = {
    string: () => text,
    labels: () =>
      fc.dictionary(
        text.filter((key) => key !== '__proto__'),
        text,
        { maxKeys: 3, noNullPrototype: true },
      ),
    bool: () => fc.boolean(),
    uint32: () => fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    enum: () => fc.integer({ min: 0, max: 3 }),
    int64: () => fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    uint64: () => fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    wrapped: () => fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    double: () => fc.double({ noNaN: true }),
    message: () => arbitraryOf(of as Message),
  };
  const one = kinds[kind]();
  return isRepeated ? fc.array(one, { maxLength: 3 }) : one;
}

test.each(TYPES)('%s: another implementation reads what is written, and the reverse', (_, type) => {
  const peer = peerOf(type);
  const options = { longs: String, defaults: true, arrays: true, objects: true };
  fc.assert(
    fc.property(arbitraryOf(type), (value) => {
      const bytes = encode(type, value as never);
      const read = peer.decode(bytes);
      const ours = decode(type, bytes);
      expect(ours).toEqual(fromPeer(type, peer.toObject(read, options)));
      expect(decode(type, Buffer.from(peer.encode(read).finish()))).toEqual(ours);
    }),
    { numRuns: 60 },
  );
});

test('any bytes are read or refused with the name of the message', () => {
  const type = METHODS.ListPodSandboxStats.response;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        decode(type, Buffer.from(bytes));
      } catch (error) {
        expect((error as Error).message).toMatch(/^not a ListPodSandboxStatsResponse of the CRI: /);
      }
    }),
    { numRuns: 2000 },
  );
});

test('fields of a newer standard are skipped, a zero that was sent is not an absence', () => {
  const type = METHODS.ContainerStats.response;
  const newer = new protobuf.Type('Newer')
    .add(new protobuf.Field('text', 99, 'string'))
    .add(new protobuf.Field('fixed', 98, 'fixed32'))
    .add(new protobuf.Field('wide', 97, 'double'));
  const stats = encode(type, { stats: { memory: { usage_bytes: 0n }, cpu: {} } });
  const more = newer.encode({ text: 'x', fixed: 7, wide: 0.5 }).finish();
  const { stats: read } = decode(type, Buffer.concat([more, stats, more]));
  expect(read?.memory?.usage_bytes).toBe(0n);
  expect(read?.memory?.rss_bytes).toBeUndefined();
  expect(read?.cpu?.usage_nano_cores).toBeUndefined();
  expect(read?.swap).toBeUndefined();
});
