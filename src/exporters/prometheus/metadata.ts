import type { Metadata } from '../../component/factory.ts';

/** What the prometheus exporter is. */
export const METADATA: Metadata = {
  type: 'prometheus',
  summary: 'text for scrapers',
  stability: 'development',
  series: [],
};
