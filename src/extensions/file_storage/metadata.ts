import type { Metadata } from '../../component/factory.ts';

/** What the file_storage extension is. */
export const METADATA: Metadata = {
  type: 'file_storage',
  summary: 'keeps on the disk what has to outlive the agent',
  stability: 'development',
  series: [],
};
