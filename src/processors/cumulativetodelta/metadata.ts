import type { Metadata } from '../../component/factory.ts';

/** What the cumulativetodelta processor is. */
export const METADATA: Metadata = {
  type: 'cumulativetodelta',
  summary: 'turns cumulative sums and histograms into deltas',
  stability: 'development',
  series: [],
};
