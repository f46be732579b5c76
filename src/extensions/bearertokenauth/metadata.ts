import type { Metadata } from '../../component/factory.ts';

/** What the bearertokenauth extension is. */
export const METADATA: Metadata = {
  type: 'bearertokenauth',
  summary: 'tokens, for what listens and for exporters',
  stability: 'development',
  series: [],
};
