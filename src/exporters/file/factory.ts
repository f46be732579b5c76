import type { ExporterFactory } from '../../component/factory.ts';
import { CONFIG, type Config } from './config.ts';
import { createFileExporter } from './exporter.ts';
import { METADATA } from './metadata.ts';

/** Makes file exporters. */
export const file: ExporterFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createFileExporter,
};
