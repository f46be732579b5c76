import type { Metadata } from '../../component/factory.ts';

/** What the workload_observer extension is. */
export const METADATA: Metadata = {
  type: 'workload_observer',
  summary: 'names of workloads, and who speaks for them',
  stability: 'development',
  series: [],
};
