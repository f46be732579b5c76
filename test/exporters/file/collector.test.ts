import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { freePort } from '../../support/agent.ts';
import { buildCollector } from '../../support/otlp/collector.ts';
import { loadDecoder } from '../../support/otlp/decode.ts';
import { numbered, valuesIn } from '../../support/otlp/numbers.ts';
import { findPeer, isMissing } from '../../support/peers.ts';
import { makeExporter, recordsIn } from './running.ts';

const isSkipped = isMissing('files of a real Collector', { go: findPeer('go') });
const FORMS = [
  ['json', ''],
  ['json', 'zstd'],
  ['proto', ''],
  ['proto', 'zstd'],
] as const;

test.skipIf(isSkipped)(
  'a real Collector takes the lines, and writes files of the same form',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandgauge-forms-'));
    const own = makeExporter(`path: '${join(folder, 'own')}'`);
    await own.start();
    await own.write(numbered(1), numbered(2 ** 53 - 1));
    await own.write(numbered(3));
    await own.exporter.shutdown();
    const port = await freePort();
    const child = spawn(buildCollector(), ['--config', configure(folder, port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr.on('data', (chunk) => {
      log += chunk;
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    try {
      await expect.poll(() => log, { timeout: 20_000 }).toContain('Everything is ready');
      const headers = { 'content-type': 'application/json' };
      for (const body of recordsIn(join(folder, 'own'), false, false)) {
        const url = `http://127.0.0.1:${port}/v1/metrics`;
        const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
        expect([response.status, await response.json()]).toEqual([200, { partialSuccess: {} }]);
      }
      await sleep(100);
      child.kill('SIGTERM');
      await exited;
      const decode = await loadDecoder();
      for (const [format, compression] of FORMS) {
        const isFramed = format === 'proto' || compression !== '';
        const path = join(folder, `${format}${compression}`);
        const found = recordsIn(path, isFramed, compression !== '').map((record) =>
          valuesIn(format === 'json' ? JSON.parse(record.toString()) : decode(record)),
        );
        expect(found).toEqual([[1, 2 ** 53 - 1], [3]]);
      }
    } finally {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    }
  },
  600_000,
);

/** A Collector that writes what it gets in each form. */
function configure(folder: string, port: number): string {
  const exporters = Object.fromEntries(
    FORMS.map(([format, compression]) => [
      `file/${format}${compression}`,
      { path: join(folder, `${format}${compression}`), format, compression },
    ]),
  );
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters,
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: { metrics: { receivers: ['otlp'], exporters: Object.keys(exporters) } },
    },
  };
  const path = join(folder, 'config.yaml');
  writeFileSync(path, JSON.stringify(config));
  return path;
}
