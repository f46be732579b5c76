import type { Metadata } from '../../component/factory.ts';

/** What the otlp_grpc exporter is. */
export const METADATA: Metadata = {
  type: 'otlp_grpc',
  aliases: ['otlp'],
  summary: 'OTLP over gRPC, to a Collector or any other that takes it',
  stability: 'development',
  series: [],
};
