import type { Exporter, Extension } from '../../../../src/component/component.ts';
import type { ExporterFactory } from '../../../../src/component/factory.ts';
import { parseComponentId } from '../../../../src/component/id.ts';
import type { Telemetry } from '../../../../src/component/telemetry.ts';
import { decode } from '../../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../../src/confmap/document.ts';
import { otlpGrpc } from '../../../../src/exporters/otlp_grpc/factory.ts';
import { otlpHttp } from '../../../../src/exporters/otlp_http/factory.ts';
import { fileStorage } from '../../../../src/extensions/file_storage/factory.ts';
import type { Batch } from '../../../../src/pdata/batch.ts';
import { createOwnMetrics } from '../../../../src/service/telemetry.ts';
import { numbered } from '../../../support/otlp/numbers.ts';

const FACTORIES = { otlp_grpc: otlpGrpc, otlp_http: otlpHttp };
/** The exporters that can store. */
export type Protocol = keyof typeof FACTORIES;

/** A batch of points whose values are `from`, `from + 1` and so on. */
export function numbers(from: number, count: number): Batch {
  const points = Array.from({ length: count }, (_, i) => numbered(from + i));
  return { source: 'test', onDemand: false, points };
}

/** What a storing exporter is made of. */
export interface StoringOptions {
  readonly protocol: Protocol;
  readonly endpoint: string;
  readonly directory: string;
  /** Of the exporter, without endpoint and storage. */
  readonly yaml?: string;
  /** Of its queue. */
  readonly queue?: string;
  /** Of the extension, without directory. */
  readonly storage?: string;
}

/** Starts an exporter and its storage, as the agent would. Needs nothing of a test runner. */
export async function startStoring(options: StoringOptions) {
  const { protocol, endpoint, directory, yaml = '', queue = '', storage = '' } = options;
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const say = (message: string, fields = {}) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { debug() {}, info: say, warn: say, error: say };
  const telemetry: Telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge };
  const settings = (type: string) => ({
    ...{ id: parseComponentId(type, ''), telemetry, now: Date.now },
  });
  const parse = (text: string) => confOf(parseYaml(text, 'test'));
  const extension: Extension = fileStorage.create(
    settings('file_storage'),
    decode(fileStorage.config, parse(`{directory: '${directory}', ${storage}}`)),
  );
  const factory = FACTORIES[protocol] as unknown as ExporterFactory;
  const text = `endpoint: '${endpoint}'\nsending_queue: {storage: file_storage, ${queue}}\n${yaml}`;
  const exporter: Exporter = factory.create(
    settings(protocol),
    decode(factory.config, parse(text)),
  );
  const find = (id: string) => (id === 'file_storage' ? extension : undefined);
  await extension.start({} as never);
  try {
    await exporter.start({ extension: find } as never);
  } catch (error) {
    await extension.shutdown();
    throw error;
  }
  return { exporter, log, value, count, stop };

  function value(name: string): number {
    const labels = name.startsWith('sandgauge')
      ? 'storage="file_storage"'
      : `exporter="${protocol}"`;
    return metrics.values()[`${name}{${labels}}`] ?? 0;
  }

  function count(name: string): number {
    return value(`otelcol_exporter_${name}_metric_points`);
  }

  async function stop(): Promise<void> {
    await exporter.shutdown();
    await extension.shutdown();
  }
}
