import type { Metadata } from '../../component/factory.ts';

/** What the resource processor is. */
export const METADATA: Metadata = {
  type: 'resource',
  summary: 'changes the attributes of resources',
  stability: 'development',
  series: [],
};
