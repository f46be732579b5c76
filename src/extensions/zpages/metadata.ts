import type { Metadata } from '../../component/factory.ts';

/** What the zpages extension is. */
export const METADATA: Metadata = {
  type: 'zpages',
  summary: 'pages that tell what runs and how it does',
  stability: 'development',
  series: [],
};
