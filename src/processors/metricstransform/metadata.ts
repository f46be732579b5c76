import type { Metadata } from '../../component/factory.ts';

/** What the metricstransform processor is. */
export const METADATA: Metadata = {
  type: 'metricstransform',
  summary: 'renames metrics, changes their labels, scales their values',
  stability: 'development',
  series: [],
};
