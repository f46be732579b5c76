import type { ProcessorFactory } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { CONFIG, type Config, DEFAULT_INTERVAL_MILLIS } from './config.ts';
import { METADATA } from './metadata.ts';
import { createAggregateProcessor } from './processor.ts';

const MAX_INTERVAL_MILLIS = 24 * 3_600_000;

/** Makes aggregate processors. */
export const aggregate: ProcessorFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create(settings, config, next) {
    checkInterval(config, `processors::${settings.id.text}::interval`);
    return createAggregateProcessor(settings, config, next);
  },
};

function checkInterval({ emit, interval }: Config, path: string): void {
  if (emit === 'interval' && !(interval > 0 && interval <= MAX_INTERVAL_MILLIS)) {
    throw new ConfigError(path, 'must be more than 0s and at most 24h');
  }
  if (emit === 'on_read' && interval !== DEFAULT_INTERVAL_MILLIS) {
    throw new ConfigError(path, 'is for emit: interval; take it out, or on_read');
  }
}
