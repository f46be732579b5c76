import type { Metadata } from '../../component/factory.ts';

/** What the prometheusremotewrite exporter is. */
export const METADATA: Metadata = {
  type: 'prometheusremotewrite',
  summary: 'Prometheus remote write 1.0, to Prometheus or any other that takes it',
  stability: 'development',
  series: [],
};
