import type { Metadata } from '../../component/factory.ts';

/** What the debug exporter is. */
export const METADATA: Metadata = {
  type: 'debug',
  summary: 'what passes through, in the log',
  stability: 'development',
  series: [],
};
