import type { Metadata } from '../../component/factory.ts';

/** What the deltatorate processor is. */
export const METADATA: Metadata = {
  type: 'deltatorate',
  summary: 'turns delta sums into rates per second',
  stability: 'development',
  series: [],
};
