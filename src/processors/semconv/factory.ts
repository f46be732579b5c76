import type { ProcessorFactory } from '../../component/factory.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { createTranslator } from './translate.ts';

/** Makes semconv processors. */
export const semconv: ProcessorFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create(_, { unmapped }, next) {
    const translate = createTranslator(unmapped);
    return {
      async start() {},
      async shutdown() {},
      async flush() {},
      async consume(batch) {
        const translated = translate(batch);
        if (translated.points.length > 0) await next.consume(translated);
      },
    };
  },
};
