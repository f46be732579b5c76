import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext, Script } from 'node:vm';
import { expect } from 'vitest';
import { unpackTree } from '../support/tree.ts';
import { createRandom, mutate, type Random } from './mutate.ts';

/** All suites together; each takes its share. */
const INPUTS = Number(process.env.SANDGAUGE_FUZZ_INPUTS ?? 1_000_000);
const SEED = Number(process.env.SANDGAUGE_FUZZ_SEED ?? 1);
const INPUT_MILLIS = 500;
const BATCH = 2000;
const BATCH_MILLIS = 30_000;
/** What all inputs together may leave behind: compiled code. */
const MAX_GROWTH_BYTES = 32 * 2 ** 20;
const TREES = ['v1-systemd', 'v2-systemd', 'v2-systemd-k612', 'sysd-v2'];

/** One parser, or a few of one kind. */
export interface Target {
  /** Of all inputs, in parts of a thousand. */
  readonly share: number;
  readonly seeds: readonly Buffer[];
  /** Throws when something is wrong; an error that is documented is caught inside. */
  run(input: Buffer, random: Random): void;
}

/** How many inputs a share of a thousand is. */
export function inputsOf(share: number): number {
  return Math.max(100, Math.round((INPUTS * share) / 1000));
}

/** Runs mutated seeds through the target; fails by the first input that is wrong, slow or hangs. */
export function fuzz({ share, seeds, run }: Target): void {
  expect(seeds.length).toBeGreaterThan(0);
  const random = createRandom(SEED);
  const pick = () => seeds[random(seeds.length)] as Buffer;
  const inputs = inputsOf(share);
  const before = usedBytes();
  let input: Buffer = Buffer.alloc(0);
  for (let done = 0; done < inputs; done += BATCH) {
    const size = Math.min(BATCH, inputs - done);
    interruptibly(() => {
      for (let i = 0; i < size; i++) {
        input = mutate(pick(), pick(), random);
        const start = performance.now();
        run(input, random);
        if (performance.now() - start > INPUT_MILLIS) checkSpeed();
      }
    });
  }
  expect(usedBytes() - before).toBeLessThan(MAX_GROWTH_BYTES);

  function interruptibly(work: () => void): void {
    Object.assign(globalThis, { fuzzBatch: work });
    try {
      new Script('fuzzBatch()').runInThisContext({ timeout: BATCH_MILLIS });
    } catch (error) {
      const text = input.subarray(0, 2000).toString('latin1');
      throw new Error(
        `${(error as Error).message}; input (${input.length} bytes): ${JSON.stringify(text)}`,
        {
          cause: error,
        },
      );
    }
  }

  /** A busy machine is slow once, a bad input each time. */
  function checkSpeed(): void {
    const times = [1, 2, 3].map(() => {
      const start = performance.now();
      run(input, random);
      return performance.now() - start;
    });
    if (Math.min(...times) > INPUT_MILLIS) throw new Error(`it took ${times.map(Math.round)} ms`);
  }
}

/** The contents that files of one name have in the captured trees, each once, at most `limit`. */
export function captured(name: string, limit = 24): Buffer[] {
  const paths = TREES.flatMap((tree) => {
    const root = join(unpackTree(tree), 'snap1');
    return globSync(join(root, name.includes('/') ? name : `sys/fs/cgroup/**/${name}`));
  });
  const contents = new Set(paths.map((path) => readFileSync(path, 'latin1')));
  const all = [...contents].filter((text) => text !== '').sort((a, b) => b.length - a.length);
  const step = Math.max(1, Math.ceil(all.length / limit));
  return all.filter((_, i) => i % step === 0).map((text) => Buffer.from(text, 'latin1'));
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return basename(path);
}

/** On the heap, after garbage collection. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}
