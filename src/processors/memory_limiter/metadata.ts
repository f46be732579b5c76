import type { Metadata } from '../../component/factory.ts';

/** What the memory_limiter processor is. */
export const METADATA: Metadata = {
  type: 'memory_limiter',
  summary: 'refuses data while the agent is short of memory',
  stability: 'development',
  series: [],
};
