import { expect, test } from 'vitest';
import { valuesIn } from '../../support/otlp/numbers.ts';
import { startHttpServer } from '../../support/otlp/server.ts';
import { batchOf, create, PROTOCOLS, RETRY, run, stops, taken, upTo } from './running.ts';

const [GRPC, HTTP] = PROTOCOLS as [(typeof PROTOCOLS)[0], (typeof PROTOCOLS)[0]];
const FORMS = [
  { ...GRPC, form: 'protobuf', encoding: '' },
  { ...HTTP, form: 'protobuf', encoding: '' },
  { ...HTTP, form: 'json', encoding: 'encoding: json' },
];

/** An exporter whose requests are put together, and its server. */
async function setUp({ factory, start, encoding }: (typeof FORMS)[0], batch: string, yaml = '') {
  const server = await start();
  stops.push(server.stop);
  const queue = `sending_queue: {num_consumers: 1, batch: {${batch}}}`;
  const text = [RETRY, encoding, queue, yaml].join('\n');
  const running = await run(factory, `http://127.0.0.1:${server.port}`, text);
  const sizes = () => server.taken.map((request) => valuesIn(request).length);
  return { server, sizes, ...running };
}

test.each(FORMS)(
  '$name, $form: small requests are sent as one, with all that is in them',
  async (each) => {
    const { server, exporter, sizes, count } = await setUp(
      each,
      'min_size: 60, flush_timeout: 10s',
    );
    for (const i of upTo(9)) await exporter.consume(batchOf(10, i * 10));
    await expect.poll(() => count('sent')).toBe(60);
    expect(sizes()).toEqual([60]);
    // A stop waits no longer.
    await exporter.shutdown();
    expect(sizes()).toEqual([60, 30]);
    expect(taken(server)).toEqual(upTo(90));
  },
);

test.each(FORMS)('$name, $form: no request has more than max_size', async (each) => {
  const batch = 'min_size: 40, max_size: 50, flush_timeout: 20ms';
  const { server, exporter, sizes, count } = await setUp(each, batch);
  await exporter.consume(batchOf(120));
  for (const i of upTo(5)) await exporter.consume(batchOf(30, 120 + i * 30));
  await expect.poll(() => count('sent')).toBe(270);
  expect(Math.max(...sizes())).toBe(50);
  expect(taken(server).sort((a, b) => a - b)).toEqual(upTo(270));
});

test.each(FORMS)('$name, $form: max_size in bytes, and max_request_bytes', async (each) => {
  for (const [batch, most] of [
    ['sizer: bytes, min_size: 1000, max_size: 3000', 3000],
    ['min_size: 100000', 5000],
  ] as const) {
    const { server, exporter, count } = await setUp(
      each,
      `${batch}, flush_timeout: 20ms`,
      'max_request_bytes: 5000\ncompression: none',
    );
    await exporter.consume(batchOf(100));
    for (const i of upTo(10)) await exporter.consume(batchOf(5, 100 + i * 5));
    await expect.poll(() => count('sent')).toBe(150);
    expect(taken(server).sort((a, b) => a - b)).toEqual(upTo(150));
    if (each.name === 'otlp_grpc') continue;
    const lengths = server.headers.map((headers) => Number(headers['content-length']));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(most);
    expect(Math.max(...lengths)).toBeGreaterThan(most / 2);
  }
});

test('what becomes of a request is told to all who wait for a part of it', async () => {
  const server = await startHttpServer();
  stops.push(server.stop);
  const queue = 'sending_queue: {wait_for_result: true, batch: {min_size: 4, flush_timeout: 5s}}';
  const { exporter, count } = await run(HTTP.factory, `http://127.0.0.1:${server.port}`, queue);
  server.answers.push({ code: 400 });
  const outcomes = await Promise.allSettled([
    exporter.consume(batchOf(2)),
    exporter.consume(batchOf(2, 2)),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(count('send_failed')).toBe(4);
  await Promise.all([exporter.consume(batchOf(2)), exporter.consume(batchOf(2, 2))]);
  expect(count('sent')).toBe(4);
});

test.each(PROTOCOLS)('$name: options that cannot work are refused', ({ factory, name }) => {
  const make = (queue: string) => () =>
    create(factory, `{endpoint: 'http://a:1', sending_queue: {${queue}}}`);
  const key = `exporters::${name}::sending_queue::batch::`;
  for (const good of [
    'batch:',
    'batch: {}',
    'batch: {sizer: bytes, min_size: 4128768}',
    'sizer: items, queue_size: 9000, batch: {max_size: 8192}',
    'enabled: false, batch: {flush_timeout: 0s}',
  ]) {
    expect(make(good), good).not.toThrow();
  }
  expect(make('batch: {flush_timeout: 0s}')).toThrow(`${key}flush_timeout: must be more than 0s`);
  expect(make('batch: {max_size: 10}')).toThrow(`${key}max_size: must not be less than min_size`);
  expect(make('sizer: items, batch: {}')).toThrow(
    `${key}min_size: must not be more than queue_size`,
  );
  expect(make('sizer: bytes, queue_size: 5000000, batch: {min_size: 4128769}')).toThrow(
    `${key}min_size: must not be more than max_request_bytes, which is 4128768`,
  );
  expect(make('batch: {sizer: requests}')).toThrow('sizer');
  expect(make('batch: {partition: {metadata_keys: [a]}}')).toThrow('partition: unknown key');
});
