import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildCollector, startCollector } from '../../../support/otlp/collector.ts';
import { valuesIn } from '../../../support/otlp/numbers.ts';
import { findPeer, isMissing } from '../../../support/peers.ts';
import { type StoringOptions, startStoring } from './exporter.ts';
import { buildWriter, compare, LIFE, type Life, liveAndDie } from './lives.ts';

const isSkipped = isMissing('the stored queue under a real Collector', { go: findPeer('go') });
const CONSUMERS = 5;
const LIVES = 200;
/** Lives of different writers go on side by side. */
const LANES = 2;

test.skipIf(isSkipped)(
  `killed ${LIVES} times at random moments, a real Collector gets all that was taken`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandgauge-collected-'));
    const collector = await startCollector(buildCollector());
    const writer = await buildWriter();
    try {
      const lanes = await Promise.all(
        Array.from({ length: LANES }, (_, i) => runLane(join(folder, `${i}`), i)),
      );
      const lives = lanes
        .flat()
        .sort((one, other) => one.number - other.number)
        .map(({ life }) => life);
      expect(lives).toHaveLength(LIVES);
      // The Collector writes its file each second.
      let requests: number[][] = [];
      const arrived = () => {
        requests = collector.written().map(valuesIn);
        return compare(lives, new Set(requests.flat()));
      };
      await expect.poll(arrived, { timeout: 10_000, interval: 1000 }).toEqual({
        ...{ missing: [], invented: [] },
      });
      const firstIn = new Map<number, number>();
      const again = new Set<number>();
      for (const [i, values] of requests.entries()) {
        for (const value of values) {
          const first = firstIn.get(value);
          if (first === undefined) firstIn.set(value, i);
          else again.add(first);
        }
      }
      expect(firstIn.size).toBeGreaterThan(LIVES * 10);
      expect(again.size).toBeLessThanOrEqual(LIVES * CONSUMERS);
    } finally {
      await collector.stop();
      writer.remove();
      rmSync(folder, { recursive: true, force: true });
    }

    /** The lives of one writer, and then of one that sends what they left. */
    async function runLane(directory: string, lane: number) {
      const options: StoringOptions = {
        ...{ protocol: 'otlp_grpc', directory },
        endpoint: `http://127.0.0.1:${collector.grpcPort}`,
        storage: 'create_directory: true',
        queue: `num_consumers: ${CONSUMERS}, queue_size: 500, block_on_overflow: true`,
        yaml: 'max_request_bytes: 3000\nretry_on_failure: {max_elapsed_time: 0s}',
      };
      const lives: { readonly number: number; readonly life: Life }[] = [];
      for (let number = lane; number < LIVES; number += LANES) {
        lives.push({ number, life: await liveAndDie(writer.path, options, number * LIFE, 200) });
      }
      const last = await startStoring(options);
      const left = () => last.value('otelcol_exporter_queue_size');
      await expect.poll(left, { timeout: 30_000 }).toBe(0);
      await last.stop();
      return lives;
    }
  },
  180_000,
);
