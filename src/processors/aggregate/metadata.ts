import { DERIVED } from '../../catalog/derived.ts';
import type { Metadata } from '../../component/factory.ts';

/** What the aggregate processor is. */
export const METADATA: Metadata = {
  type: 'aggregate',
  summary: 'keeps the last samples of each series and hands on one point for them',
  stability: 'development',
  series: Object.values(DERIVED),
};
