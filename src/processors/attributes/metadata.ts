import type { Metadata } from '../../component/factory.ts';

/** What the attributes processor is. */
export const METADATA: Metadata = {
  type: 'attributes',
  summary: 'changes the attributes of points',
  stability: 'development',
  series: [],
};
