/**
 * Bytes per second through the sending queue, stored and in memory: requests that are sent at once,
 * and those that wait until the other side is there again. The other side takes all, at no cost. With
 * `SANDGAUGE_BENCH_DIRECTORY` files are kept there and not below the temporary directory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Exporter } from '../../src/component/component.ts';
import { parseComponentId } from '../../src/component/id.ts';
import { decode } from '../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import { fileStorage } from '../../src/extensions/file_storage/factory.ts';
import { createPushExporter } from '../../src/helper/exporter/exporter.ts';
import type { QueueConfig } from '../../src/helper/exporter/options.ts';
import { cpuMillis, median, report } from './report.ts';

const ROUNDS = 5;
const TOTAL_BYTES = 64 * 2 ** 20;
const SIZES = [
  ['1 MiB', 2 ** 20],
  ['16 KiB', 2 ** 14],
] as const;

const nothing = { add() {}, set() {} };
const logger = { debug() {}, info() {}, warn: console.error, error: console.error };
const telemetry = { logger, counter: () => nothing, gauge: () => nothing };
const settings = (type: string) => ({ id: parseComponentId(type, ''), telemetry, now: Date.now });

const folder = mkdtempSync(join(process.env.SANDGAUGE_BENCH_DIRECTORY ?? tmpdir(), 'sandgauge-'));
try {
  for (const [name, size] of SIZES) {
    const memory = await measureAll('', size);
    const stored = await measureAll('fsync: false', size);
    const synced = await measureAll('fsync: true', size);
    report([
      { name: `${name}: sent at once, memory`, value: memory.atOnce, unit: 'MB/s' },
      { name: `${name}: sent at once, stored`, value: stored.atOnce, unit: 'MB/s' },
      { name: `${name}: sent at once, stored with fsync`, value: synced.atOnce, unit: 'MB/s' },
      { name: `${name}: stored over memory`, value: stored.atOnce / memory.atOnce, unit: 'of 1' },
      { name: `${name}: stored, CPU`, value: stored.cpu, unit: 'ms/MB' },
      { name: `${name}: memory, CPU`, value: memory.cpu, unit: 'ms/MB' },
      { name: `${name}: stored while it waits`, value: stored.waiting, unit: 'MB/s' },
      { name: `${name}: stored, sent after the wait`, value: stored.after, unit: 'MB/s' },
    ]);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** The middle figures of some rounds, in MB/s, and in ms of CPU for each MB that is sent at once. */
async function measureAll(storage: string, size: number) {
  const rounds: Awaited<ReturnType<typeof measure>>[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(storage, size));
  const middle = (of: 'atOnce' | 'cpu' | 'waiting' | 'after') =>
    median(rounds.map((round) => round[of]));
  return {
    ...{ atOnce: middle('atOnce'), cpu: middle('cpu') },
    ...{ waiting: middle('waiting'), after: middle('after') },
  };
}

async function measure(storage: string, size: number) {
  const extension = fileStorage.create(
    settings('file_storage'),
    decode(
      fileStorage.config,
      confOf(parseYaml(`{directory: '${folder}', max_size: 0, ${storage}}`, 'bench')),
    ),
  );
  await extension.start({} as never);
  const requests = TOTAL_BYTES / size;
  let sent = 0;
  let all = Promise.withResolvers<void>();
  let gate: Promise<void> | undefined;
  const exporter = makeExporter(size, storage === '' ? '' : 'file_storage', async () => {
    if (gate !== undefined) await gate;
    sent++;
    if (sent === requests) all.resolve();
  });
  await exporter.start({ extension: () => extension } as never);

  const startCpu = cpuMillis();
  const atOnce = await rate(async () => {
    await offer(exporter, requests);
    await all.promise;
  });
  const cpu = (cpuMillis() - startCpu) / (TOTAL_BYTES / 1e6);

  [sent, all] = [0, Promise.withResolvers<void>()];
  const opened = Promise.withResolvers<void>();
  gate = opened.promise;
  const waiting = await rate(() => offer(exporter, requests));
  const after = await rate(async () => {
    opened.resolve();
    await all.promise;
  });
  await exporter.shutdown();
  await extension.shutdown();
  return { atOnce, cpu, waiting, after };
}

/** One batch after another, as a pipeline does it. */
async function offer(exporter: Exporter, requests: number): Promise<void> {
  for (let i = 0; i < requests; i++) {
    await exporter.consume({ source: 'bench', onDemand: false, points: [{} as never] });
  }
}

function makeExporter(size: number, storage: string, send: () => Promise<void>): Exporter {
  const queue: QueueConfig = {
    ...{ enabled: true, num_consumers: 10, queue_size: 1e9, sizer: 'requests', storage },
    ...{ block_on_overflow: false, wait_for_result: false },
  };
  const content = Buffer.alloc(size, 'a request of some size; ');
  return createPushExporter(settings('bench'), {
    encode(_, allocate) {
      const bytes = allocate(size);
      content.copy(bytes);
      return [{ bytes, points: 1 }];
    },
    maxRequestBytes: size,
    open: async () => ({ send: () => send().then(() => undefined), close: async () => {} }),
    timeoutMillis: 0,
    queue,
    retry: {
      ...{ enabled: true, initial_interval: 1, max_interval: 1, max_elapsed_time: 0 },
      ...{ multiplier: 1, randomization_factor: 0 },
    },
  });
}

/** MB/s of what moves all bytes. */
async function rate(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return TOTAL_BYTES / 1e3 / (performance.now() - start);
}
