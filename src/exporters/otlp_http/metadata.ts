import type { Metadata } from '../../component/factory.ts';

/** What the otlp_http exporter is. */
export const METADATA: Metadata = {
  type: 'otlp_http',
  aliases: ['otlphttp'],
  summary: 'OTLP over HTTP, to a Collector or any other that takes it',
  stability: 'development',
  series: [],
};
