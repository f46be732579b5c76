import type { Metadata } from '../../component/factory.ts';

/** What the filter processor is. */
export const METADATA: Metadata = {
  type: 'filter',
  summary: 'leaves out metrics by name and points by attribute',
  stability: 'development',
  series: [],
};
