import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBudget } from '../../../src/extensions/file_storage/budget.ts';
import { HEADER_BYTES } from '../../../src/extensions/file_storage/frame.ts';
import { openFileLog } from '../../../src/extensions/file_storage/log.ts';
import { filesOf, makeFolder, numbered, numbersOf, takeAll } from './opened.ts';

/** Each hits the bytes of a file from a place that is given in parts of its length. */
const MUTATION = fc.record({
  kind: fc.constantFrom('flip', 'overwrite', 'cut', 'insert', 'end', 'copy'),
  file: fc.nat(20),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  length: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 3000 })),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
});
type Mutation = typeof MUTATION extends fc.Arbitrary<infer T> ? T : never;

/** A file as it becomes, and for each of its bytes where it was; -1 for new ones. */
interface Mutated {
  bytes: Buffer;
  origins: number[];
}

function mutate(file: Mutated, { kind, at, length, bytes }: Mutation): Mutated {
  const from = Math.floor(at * file.bytes.length);
  const fresh = Buffer.from(bytes);
  const splice = (removed: number, added: Buffer): Mutated => ({
    bytes: Buffer.concat([
      file.bytes.subarray(0, from),
      added,
      file.bytes.subarray(from + removed),
    ]),
    origins: [
      ...file.origins.slice(0, from),
      ...Array.from(added, () => -1),
      ...file.origins.slice(from + removed),
    ],
  });
  switch (kind) {
    case 'flip':
      return splice(1, Buffer.of((file.bytes[from] ?? 0) ^ (1 << (length % 8))));
    case 'overwrite':
      return splice(fresh.length, fresh);
    case 'cut':
      return splice(length, Buffer.alloc(0));
    case 'insert':
      return splice(0, fresh);
    case 'copy':
      // A part of another record, header and all.
      return splice(0, Buffer.from(file.bytes.subarray(length, length + HEADER_BYTES + 5)));
    default:
      return splice(file.bytes.length - from, Buffer.alloc(0));
  }
}

test('files that are damaged in any way: records that were not hit arrive, no other does', async () => {
  const folder = makeFolder();
  let [hit, lost] = [0, 0];
  const open = async () => {
    const damage: number[] = [];
    const budget = createBudget(Number.POSITIVE_INFINITY, () => {});
    const log = await openFileLog({
      ...{ folder: join(folder, 'log'), format: 'proto', segmentBytes: 4096, fsync: false },
      ...{ budget, copiesFolder: folder, closed() {} },
      damaged: (_, points) => damage.push(points),
    });
    return { log, damage, budget };
  };
  const sizes = fc.array(
    fc.oneof(fc.integer({ min: 8, max: 60 }), fc.integer({ min: 8, max: 2500 })),
    {
      ...{ minLength: 1, maxLength: 30 },
    },
  );
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.array(MUTATION, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      async (all, mutations, compacts) => {
        rmSync(join(folder, 'log'), { recursive: true, force: true });
        mkdirSync(join(folder, 'log'));
        const { log: before } = await open();
        const places = new Map<number, { file: string; from: number; to: number }>();
        for (const [i, size] of all.entries()) {
          const { bytes: old } = before.size();
          await before.append([numbered(i, size)]);
          const file = filesOf(folder).at(-1) as string;
          const start = filesOf(folder)
            .slice(0, -1)
            .reduce((sum, path) => sum + readFileSync(path).length, 0);
          places.set(i, { file, from: old - start, to: old - start + HEADER_BYTES + size });
        }
        await before.close();

        const files = filesOf(folder);
        const mutated = new Map<string, Mutated>(
          files.map((path) => {
            const bytes = readFileSync(path);
            return [path, { bytes, origins: Array.from(bytes, (_, i) => i) }];
          }),
        );
        for (const mutation of mutations) {
          const path = files[mutation.file % files.length] as string;
          mutated.set(path, mutate(mutated.get(path) as Mutated, mutation));
        }
        for (const [path, { bytes }] of mutated) writeFileSync(path, bytes);

        // Those whose bytes still stand one behind another, and nothing was said of their file's end.
        const whole = [...places].filter(([, { file, from, to }]) => {
          const { origins } = mutated.get(file) as Mutated;
          const at = origins.indexOf(from);
          return (
            at >= 0 &&
            Array.from({ length: to - from }, (_, i) => i).every(
              (i) => origins[at + i] === from + i,
            )
          );
        });
        const { log, damage, budget } = await open();
        if (compacts) await log.compact();
        const records = await takeAll(log);
        const numbers = numbersOf(records);
        for (const [i, record] of records.entries()) {
          const number = numbers[i] as number;
          expect(record.bytes.equals(numbered(number, all[number]).bytes)).toBe(true);
          expect(record.points).toBe(number);
        }
        expect(new Set(numbers).size).toBe(numbers.length);
        expect(whole.map(([number]) => number).filter((each) => !numbers.includes(each))).toEqual(
          [],
        );
        if (numbers.length < all.length) lost++;
        if (damage.length > 0) hit++;
        for (const record of records) await record.remove();
        expect(log.stored).toEqual({ records: 0, points: 0, bytes: 0 });
        expect(log.waiting).toBe(0);
        await log.append([numbered(99)]);
        expect(numbersOf(await takeAll(log))).toEqual([99]);
        expect(budget.used).toBe(HEADER_BYTES + 100);
        await log.close();
      },
    ),
    { numRuns: 1000, seed: Number(process.env.SANDGAUGE_FUZZ_SEED ?? 1) },
  );
  expect(hit).toBeGreaterThan(100);
  expect(lost).toBeGreaterThan(100);
}, 120_000);
