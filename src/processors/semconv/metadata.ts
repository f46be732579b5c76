import type { Metadata } from '../../component/factory.ts';

/** What the semconv processor is. */
export const METADATA: Metadata = {
  type: 'semconv',
  summary: "turns cAdvisor's metrics into OpenTelemetry's semantic conventions",
  stability: 'development',
  series: [],
};
