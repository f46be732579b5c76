import { readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import type { Exporter, Host } from '../../../src/component/component.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { file } from '../../../src/exporters/file/factory.ts';
import type { Point } from '../../../src/pdata/point.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { valuesIn } from '../../support/otlp/numbers.ts';

/** An exporter with what it said; not yet started. */
export function makeExporter(yaml: string, id = 'file', now = Date.now) {
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const say = (message: string) => void log.push(message);
  const logger = { debug() {}, info: say, warn: say, error: say };
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge } as never;
  const config = decode(file.config, confOf(parseYaml(yaml, 'test')));
  const exporter: Exporter = file.create({ id: parseComponentId(id, ''), telemetry, now }, config);
  const counted = (what: string) =>
    metrics.values()[`otelcol_exporter_${what}_metric_points{exporter="${id}"}`] ?? 0;
  return {
    exporter,
    log,
    start: () => exporter.start({} as Host),
    write: (...points: readonly Point[]) =>
      exporter.consume({ source: 'test', onDemand: false, points }),
    sent: () => counted('sent'),
    failed: () => counted('send_failed'),
  };
}

/** The records of a file, in the form that the options name. */
export function recordsIn(path: string, isFramed: boolean, isPacked: boolean): Buffer[] {
  const bytes = readFileSync(path);
  if (!isFramed) {
    const lines = bytes.toString().split('\n');
    if (lines.pop() !== '') throw new Error('the last line has no end');
    return lines.map((line) => Buffer.from(line));
  }
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new Error('the last record has no end');
    records.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return isPacked ? records.map((record) => zstdDecompressSync(record)) : records;
}

/** The values in a file of lines. */
export function linesIn(path: string): number[] {
  return recordsIn(path, false, false).flatMap((line) => valuesIn(JSON.parse(line.toString())));
}
