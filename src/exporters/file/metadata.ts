import type { Metadata } from '../../component/factory.ts';

/** What the file exporter is. */
export const METADATA: Metadata = {
  type: 'file',
  summary: 'OTLP in a file, as lines of JSON or as protobuf',
  stability: 'development',
  series: [],
};
