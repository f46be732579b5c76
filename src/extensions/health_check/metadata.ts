import type { Metadata } from '../../component/factory.ts';

/** What the health_check extension is. */
export const METADATA: Metadata = {
  type: 'health_check',
  summary: 'liveness and readiness by HTTP',
  stability: 'development',
  series: [],
};
