import type { Metadata } from '../../component/factory.ts';

/** What the batch processor is. */
export const METADATA: Metadata = {
  type: 'batch',
  summary: 'gathers points into larger batches',
  stability: 'development',
  series: [],
};
