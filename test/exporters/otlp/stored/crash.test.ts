import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { valuesIn } from '../../../support/otlp/numbers.ts';
import { startGrpcServer, startHttpServer } from '../../../support/otlp/server.ts';
import { type Protocol, startStoring } from './exporter.ts';
import { buildWriter, compare, LIFE, type Life, liveAndDie } from './lives.ts';

const CONSUMERS = 4;
const LIVES = 30;
let writer: Awaited<ReturnType<typeof buildWriter>>;
beforeAll(async () => {
  writer = await buildWriter();
});
afterAll(() => writer.remove());

/** Small requests, so that a batch is several; a queue that is often full. */
const YAML = `
max_request_bytes: 3000
compression: none
retry_on_failure: {initial_interval: 20ms, max_interval: 100ms, max_elapsed_time: 0s}
`;

test.each([
  ['otlp_http', 'each as it came', startHttpServer, 503, ''],
  ['otlp_http', 'in batches', startHttpServer, 503, 'batch: {min_size: 300, flush_timeout: 50ms}'],
  ['otlp_grpc', 'each as it came', startGrpcServer, 14, ''],
] as const)(
  `killed ${LIVES} times (%s, %s): all that was taken arrives, and twice only what was being sent`,
  async (protocol: Protocol, _, start, unavailable, more) => {
    const directory = mkdtempSync(join(tmpdir(), 'sandgauge-lives-'));
    const server = await start();
    const options = {
      ...{ protocol, directory, endpoint: `http://127.0.0.1:${server.port}`, yaml: YAML },
      queue: `num_consumers: ${CONSUMERS}, queue_size: 2000, ${more}`,
    };
    try {
      const lives: Life[] = [];
      /** How many requests the server had taken when each life ended. */
      const ends: number[] = [];
      for (let life = 0; life < LIVES; life++) {
        // Now and then it is busy, so that much waits and requests are tried again.
        const busy =
          life % 3 === 0 ? Array.from({ length: 25 }, () => ({ code: unavailable })) : [];
        server.answers.splice(0, Number.POSITIVE_INFINITY, ...busy);
        lives.push(await liveAndDie(writer.path, options, life * LIFE, 150));
        // What was on its way when the agent died is taken by now.
        await new Promise((resolve) => setTimeout(resolve, 20));
        ends.push(server.taken.length);
      }
      server.answers.length = 0;
      const last = await startStoring(options);
      await expect
        .poll(() => last.value('otelcol_exporter_queue_size'), { timeout: 60_000 })
        .toBe(0);
      await last.stop();

      const requests = server.taken.map(valuesIn);
      const seen = new Map<number, number>();
      /** For each life, the requests of it that were taken again later. */
      const again = new Map<number, Set<number>>();
      for (const [i, values] of requests.entries()) {
        for (const value of values) {
          const first = seen.get(value);
          if (first === undefined) {
            seen.set(value, i);
            continue;
          }
          const life = ends.findIndex((end) => first < end);
          again.set(life, (again.get(life) ?? new Set()).add(first));
        }
      }
      const { missing, invented } = compare(lives, new Set(seen.keys()));
      expect({ missing, invented }).toEqual({ missing: [], invented: [] });
      expect(seen.size).toBeGreaterThan(LIVES * 10);
      const most = Math.max(0, ...[...again.values()].map(({ size }) => size));
      expect(most).toBeLessThanOrEqual(CONSUMERS);
    } finally {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  },
  120_000,
);
