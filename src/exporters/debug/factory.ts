import type { ExporterFactory } from '../../component/factory.ts';
import { NO_LIFECYCLE } from '../../component/factory.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { detailedText, normalText } from './text.ts';

/** Makes debug exporters: what passes through a pipeline goes to the log. */
export const debug: ExporterFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create({ telemetry }, { verbosity }) {
    return {
      ...NO_LIFECYCLE,
      asks: false,
      async consume(batch) {
        const metrics = new Set(batch.points.map((point) => point.series.descriptor)).size;
        const counts = { source: batch.source, metrics, points: batch.points.length };
        telemetry.logger.info('Metrics', counts);
        if (verbosity === 'normal') telemetry.logger.info(normalText(batch.points));
        if (verbosity === 'detailed') telemetry.logger.info(detailedText(batch.points));
      },
    };
  },
};
