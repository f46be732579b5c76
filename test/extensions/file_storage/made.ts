import { parseComponentId } from '../../../src/component/id.ts';
import type { Storage } from '../../../src/component/storage.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { fileStorage } from '../../../src/extensions/file_storage/factory.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';

/** An extension by its YAML, with what it says and counts; not yet started. */
export function makeStorage(yaml: string) {
  const metrics = createOwnMetrics();
  const log: { message: string; fields: Record<string, unknown> }[] = [];
  const say = (message: string, fields = {}) => void log.push({ message, fields });
  const logger = { debug() {}, info: say, warn: say, error: say };
  const storage = fileStorage.create(
    {
      id: parseComponentId('file_storage', ''),
      telemetry: { logger, counter: metrics.counter, gauge: metrics.gauge },
      now: Date.now,
    },
    decode(fileStorage.config, confOf(parseYaml(yaml, 'test'))),
  ) as Storage;
  const counted = (name: string) =>
    metrics.values()[`sandgauge_storage_${name}{storage="file_storage"}`] ?? 0;
  return { storage, log, counted };
}

/** What an exporter opens its log with. */
export const OWNER = { name: 'exporter_otlp_grpc', format: 'proto', lost() {} };
