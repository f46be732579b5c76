import type { Metadata } from '../../component/factory.ts';

/** What the basicauth extension is. */
export const METADATA: Metadata = {
  type: 'basicauth',
  summary: 'user names and passwords, for what listens and for exporters',
  stability: 'development',
  series: [],
};
