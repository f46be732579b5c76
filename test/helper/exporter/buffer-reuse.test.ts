/** Where the memory of requests goes while it is given to later ones. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { parseComponentId } from '../../../src/component/id.ts';
import { createPushExporter } from '../../../src/helper/exporter/exporter.ts';
import { loadHttpClient } from '../../../src/helper/exporter/http-client.ts';
import type { QueueConfig } from '../../../src/helper/exporter/options.ts';
import {
  type Connection,
  type ExportRequest,
  SendError,
} from '../../../src/helper/exporter/request.ts';
import { makeStorage } from '../../extensions/file_storage/made.ts';

const SIZE = 300 * 1024;
const BATCHES = 60;
const TIMEOUT_MILLIS = 60;
const BATCH = { flush_timeout: 10, min_size: 3, max_size: 0, sizer: 'items' } as const;

/** Starts an exporter of requests that have one number all over. */
async function startNumbered(queue: Partial<QueueConfig>, send: Connection['send']) {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-reuse-'));
  const { storage } = makeStorage(`{directory: '${folder}'}`);
  await storage.start({} as never);
  const nothing = { add() {}, set() {} };
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const telemetry = { logger, counter: () => nothing, gauge: () => nothing };
  const exporter = createPushExporter(
    { id: parseComponentId('otlp_http', ''), telemetry, now: Date.now },
    {
      encode: ({ source }, allocate) => [{ bytes: allocate(SIZE).fill(Number(source)), points: 1 }],
      maxRequestBytes: 4 * SIZE,
      open: async () => ({ send, close: async () => {} }),
      timeoutMillis: TIMEOUT_MILLIS,
      queue: {
        ...{ enabled: true, num_consumers: 4, queue_size: BATCHES, sizer: 'requests' },
        ...{ block_on_overflow: false, wait_for_result: false },
        ...queue,
      },
      retry: {
        ...{ enabled: true, initial_interval: 1, max_interval: 1, max_elapsed_time: 0 },
        ...{ multiplier: 1, randomization_factor: 0 },
      },
    },
  );
  await exporter.start({ extension: () => storage } as never);
  onTestFinished(async () => {
    await exporter.shutdown();
    await storage.shutdown();
    rmSync(folder, { recursive: true });
  });
  return exporter;
}

/** The number of each part of a request; -1 for a part that has several. */
function numbersIn(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / SIZE }, (_, i) => {
    const part = bytes.subarray(i * SIZE, (i + 1) * SIZE);
    return part.equals(Buffer.alloc(SIZE, part[0])) ? (part[0] as number) : -1;
  });
}

test.each<[string, Partial<QueueConfig>]>([
  ['in memory', {}],
  ['put together', { batch: BATCH }],
  ['stored', { storage: 'file_storage' }],
  ['stored and put together', { storage: 'file_storage', batch: BATCH }],
])(
  'requests that wait %s are whole for as long as an attempt may read them',
  async (_, queue) => {
    const taken: number[] = [];
    const torn: number[][] = [];
    let [attempts, isOpen] = [0, false];
    /** Now and then fails, or answers too late, and reads the bytes until then and longer. */
    async function send({ bytes }: ExportRequest, signal: AbortSignal): Promise<undefined> {
      if (!isOpen) throw new SendError('not yet', true);
      const attempt = attempts++;
      const before = numbersIn(bytes);
      const check = () => {
        const after = numbersIn(bytes);
        if (before.includes(-1) || after.join() !== before.join()) torn.push(before, after);
      };
      if (attempt % 5 === 1) {
        void sleep(4 * TIMEOUT_MILLIS).then(check);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw new SendError('too late', true);
      }
      await sleep(attempt % 4);
      check();
      if (attempt % 7 === 2) throw new SendError('busy', true);
      taken.push(...before);
    }
    const exporter = await startNumbered(queue, send);
    const all = Array.from({ length: BATCHES }, (_, i) => i + 1);
    for (const number of all) {
      await exporter.consume({ source: String(number), onDemand: false, points: [{} as never] });
      // So many that those which are stored have to be read.
      isOpen ||= number === 40;
      if (isOpen) await sleep(5);
    }
    await expect.poll(() => taken.length, { timeout: 20_000 }).toBe(BATCHES);
    await sleep(4 * TIMEOUT_MILLIS);
    expect(torn).toEqual([]);
    expect(taken.sort((a, b) => a - b)).toEqual(all);
  },
  30_000,
);

test('HTTP: once a request is answered, nobody reads its memory, though the other side has not', async () => {
  const bytes = Buffer.alloc(32 * 2 ** 20, 'a');
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let [socket, received, isTorn]: [Socket | undefined, number, boolean] = [undefined, 0, false];
  const server = createServer((accepted) => {
    socket = accepted.on('error', () => {}).on('close', () => resolve());
    accepted.once('data', () => {
      accepted.on('data', (chunk) => {
        received += chunk.length;
        isTorn ||= chunk.includes('Z');
        if (received > bytes.length / 2) resolve();
      });
      accepted.pause().write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  const open = await loadHttpClient({
    ...{ url: new URL(`http://127.0.0.1:${port}/`), proxy: undefined, tls: {} as never },
    ...{ headers: {}, credentials: undefined, readTaken: () => undefined },
    readRefused: () => ({ message: '', isRetryable: false }),
  });
  const connection = open({});
  onTestFinished(async () => {
    await connection.close();
    server.close();
  });
  await connection.send({ bytes, points: 1 }, AbortSignal.timeout(10_000));
  bytes.fill('Z');
  (socket as Socket | undefined)?.resume();
  await over;
  expect(received).toBeGreaterThan(0);
  expect(isTorn).toBe(false);
});
