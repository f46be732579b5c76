import type { ProcessorFactory } from '../../component/factory.ts';
import { mapBatches } from '../../helper/processor/map-batches.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { createTranslator } from './translate.ts';

/** Makes semconv processors. */
export const semconv: ProcessorFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: (_, { unmapped }, next) => mapBatches(createTranslator(unmapped), next),
};
