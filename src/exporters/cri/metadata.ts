import type { Metadata } from '../../component/factory.ts';

/** What the cri exporter is. */
export const METADATA: Metadata = {
  type: 'cri',
  summary: 'stats over the Kubernetes CRI, for crictl and agents that read it',
  stability: 'development',
  series: [],
};
