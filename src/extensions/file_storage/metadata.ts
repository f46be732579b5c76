import type { Metadata } from '../../component/factory.ts';

/** What the file_storage extension is. */
export const METADATA: Metadata = {
  type: 'file_storage',
  summary: 'keeps what exporters have not sent yet on the disk',
  stability: 'development',
  series: [],
};
