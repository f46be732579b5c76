import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../support/agent.ts';
import { valuesIn } from '../../../support/otlp/numbers.ts';
import { startHttpServer } from '../../../support/otlp/server.ts';
import { create, PROTOCOLS, upTo } from '../running.ts';
import { numbers, type Protocol, type StoringOptions, startStoring } from './exporter.ts';

const FOR_EVER =
  'retry_on_failure: {initial_interval: 20ms, max_interval: 50ms, max_elapsed_time: 0s}';
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sandgauge-stored-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** One that is stopped after the test, if it was not before. */
async function start(options: StoringOptions) {
  const running = await startStoring(options);
  onTestFinished(running.stop);
  return running;
}

describe.each(PROTOCOLS)('$name', ({ name, start: startServer, fatal }) => {
  const protocol = name as Protocol;

  test('what waits at a stop is sent after the next start, and nothing counts as failed', async () => {
    const directory = makeDirectory();
    const port = await freePort();
    const options = { protocol, directory, endpoint: `http://127.0.0.1:${port}`, yaml: FOR_EVER };
    const first = await start({ ...options, queue: 'num_consumers: 2' });
    for (const i of upTo(20)) await first.exporter.consume(numbers(i * 10, 10));
    expect(first.value('otelcol_exporter_queue_size')).toBe(20);
    await expect.poll(() => first.exporter.health?.().status).toBe('recoverable_error');
    await first.stop();
    expect([first.count('sent'), first.count('send_failed')]).toEqual([0, 0]);
    expect(first.log.filter((line) => line.includes('Dropping'))).toEqual([]);

    const server = await startServer(port);
    onTestFinished(server.stop);
    const again = await start(options);
    await expect.poll(() => again.count('sent')).toBe(200);
    expect(again.log[0]).toContain('What was stored before was found');
    expect(sorted(server.taken.flatMap(valuesIn))).toEqual(upTo(200));
    await again.stop();
    expect(readdirSync(join(directory, `exporter_${name}`))).toEqual([]);
  });

  test('a stop lets what is being sent end, and leaves the rest', async () => {
    const server = await startServer();
    onTestFinished(server.stop);
    const options = {
      ...{ protocol, directory: makeDirectory(), endpoint: `http://127.0.0.1:${server.port}` },
      ...{ yaml: FOR_EVER, queue: 'num_consumers: 1' },
    };
    const first = await start(options);
    server.answers.push({ delayMillis: 200 });
    for (const i of upTo(3)) await first.exporter.consume(numbers(i, 1));
    await first.stop();
    expect(server.taken.flatMap(valuesIn)).toEqual([0]);
    expect(first.count('sent')).toBe(1);
    const again = await start(options);
    await expect.poll(() => again.count('sent')).toBe(2);
    expect(server.taken.flatMap(valuesIn)).toEqual([0, 1, 2]);
  });

  test('what no retry mends is dropped from the disk too', async () => {
    const server = await startServer();
    onTestFinished(server.stop);
    const options = {
      ...{ protocol, directory: makeDirectory(), endpoint: `http://127.0.0.1:${server.port}` },
      yaml: FOR_EVER,
    };
    const { exporter, count, value } = await start(options);
    server.answers.push({ code: fatal });
    await exporter.consume(numbers(0, 5));
    await expect.poll(() => count('send_failed')).toBe(5);
    await expect.poll(() => value('otelcol_exporter_queue_size')).toBe(0);
    expect(server.taken).toEqual([]);
  });

  test('retries end as without storage, which is warned of', async () => {
    const port = await freePort();
    const options = {
      ...{ protocol, directory: makeDirectory(), endpoint: `http://127.0.0.1:${port}` },
      yaml: 'retry_on_failure: {initial_interval: 10ms, max_interval: 20ms, max_elapsed_time: 1s}',
    };
    const { exporter, count, log, value } = await start(options);
    expect(log[0]).toContain('What is stored is dropped once its retries end');
    await exporter.consume(numbers(0, 5));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(count('send_failed')).toBe(0);
    await expect.poll(() => count('send_failed'), { timeout: 5000 }).toBe(5);
    await expect.poll(() => value('otelcol_exporter_queue_size')).toBe(0);
  });

  test('queue_size and max_size refuse what is too much, counted and said once', async () => {
    const port = await freePort();
    const options = {
      ...{ protocol, endpoint: `http://127.0.0.1:${port}`, yaml: FOR_EVER },
    };
    for (const [bounds, text] of [
      [{ queue: 'sizer: items, queue_size: 30' }, 'sending queue is full'],
      [{ storage: 'max_size: 1000' }, 'which is max_size'],
    ] as const) {
      const { exporter, count, log } = await start({
        ...{ ...options, directory: makeDirectory() },
        ...bounds,
      });
      const outcomes = await Promise.allSettled(
        upTo(6).map((i) => exporter.consume(numbers(i * 10, 10))),
      );
      const refused = outcomes.filter(({ status }) => status === 'rejected').length;
      expect(refused).toBeGreaterThan(0);
      expect(refused).toBeLessThan(6);
      expect(count('enqueue_failed')).toBe(refused * 10);
      const said = log.filter((line) => line.includes('the sending queue has no room'));
      expect(said).toHaveLength(1);
      expect(said[0]).toContain(text);
    }
  });
});

test('a day without a receiver: on the disk, hardly in memory, and then it is sent', async () => {
  const port = await freePort();
  const options: StoringOptions = {
    ...{
      protocol: 'otlp_http',
      directory: makeDirectory(),
      yaml: `compression: none\n${FOR_EVER}`,
    },
    ...{ endpoint: `http://127.0.0.1:${port}`, queue: 'num_consumers: 3, queue_size: 10000' },
  };
  const BATCHES = 500;
  const POINTS = 5000;
  const { exporter, count, value } = await start(options);
  const held = () => process.memoryUsage().arrayBuffers;
  await exporter.consume(numbers(0, POINTS));
  const before = held();
  let most = 0;
  for (const i of upTo(BATCHES).slice(1)) {
    await exporter.consume(numbers(i * POINTS, POINTS));
    most = Math.max(most, held() - before);
  }
  const onDisk = value('sandgauge_storage_size_bytes');
  expect(onDisk).toBeGreaterThan(100e6);
  expect(most).toBeLessThan(40e6);

  let [bytes, requests] = [0, 0];
  const server = createServer((request, response) => {
    request.on('data', (chunk) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      requests++;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await expect.poll(() => count('sent'), { timeout: 60_000 }).toBe(BATCHES * POINTS);
  expect(requests).toBe(BATCHES);
  expect(bytes).toBe(onDisk - 25 * BATCHES);
  await expect.poll(() => value('sandgauge_storage_size_bytes')).toBe(0);
}, 120_000);

test('damage in what is stored: points of the record are counted as failed, others arrive', async () => {
  const directory = makeDirectory();
  const port = await freePort();
  const options: StoringOptions = {
    ...{ protocol: 'otlp_http', directory, endpoint: `http://127.0.0.1:${port}`, yaml: FOR_EVER },
  };
  const first = await start(options);
  for (const i of upTo(3)) await first.exporter.consume(numbers(i * 100, 100));
  await first.stop();
  const own = join(directory, 'exporter_otlp_http');
  const path = join(own, readdirSync(own)[0] as string);
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length / 2)] = 0xee;
  writeFileSync(path, bytes);
  const server = await startHttpServer(port);
  onTestFinished(server.stop);
  const again = await start(options);
  await expect.poll(() => again.count('sent')).toBe(200);
  expect(again.count('send_failed')).toBe(100);
  expect(again.value('sandgauge_storage_damaged_records')).toBe(1);
  await expect.poll(() => again.value('otelcol_exporter_queue_size')).toBe(0);
  expect(sorted(server.taken.flatMap(valuesIn))).toEqual([...upTo(100), ...upTo(300).slice(200)]);
});

test('JSON that is stored is sent as JSON, and not by an exporter of protobuf', async () => {
  const directory = makeDirectory();
  const port = await freePort();
  const options: StoringOptions = {
    ...{ protocol: 'otlp_http', directory, endpoint: `http://127.0.0.1:${port}` },
  };
  const json = { ...options, yaml: `encoding: json\n${FOR_EVER}` };
  const first = await start(json);
  await first.exporter.consume(numbers(0, 10));
  await first.stop();
  const server = await startHttpServer(port);
  onTestFinished(server.stop);
  const other = await start({ ...options, yaml: FOR_EVER });
  await other.exporter.consume(numbers(10, 10));
  await expect.poll(() => other.count('sent')).toBe(10);
  expect(other.log.join()).toContain('in another encoding stays');
  await other.stop();
  const again = await start(json);
  await expect.poll(() => again.count('sent')).toBe(10);
  expect(server.headers.map((each) => each['content-type'])).toEqual([
    ...['application/x-protobuf', 'application/json'],
  ]);
  expect(sorted(server.taken.flatMap(valuesIn))).toEqual(upTo(20));
});

test.each(PROTOCOLS)('$name: options that cannot work are refused', async ({ factory, name }) => {
  const make = (queue: string) =>
    create(factory, `{endpoint: 'http://a:1', sending_queue: {${queue}}}`);
  const key = `exporters::${name}::sending_queue::`;
  expect(() => make('storage: file_storage, wait_for_result: true')).toThrow(
    `${key}wait_for_result: is not supported together with storage`,
  );
  const { exporter } = make('storage: file_storage');
  const startWith = (found: unknown) => exporter.start({ extension: () => found } as never);
  await expect(startWith(undefined)).rejects.toThrow(
    `${key}storage: no extension "file_storage" runs: is it in service::extensions?`,
  );
  await expect(startWith({ start() {}, shutdown() {} })).rejects.toThrow('does not store anything');
});
