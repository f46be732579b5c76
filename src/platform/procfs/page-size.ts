import type { FileStore } from '../file/file-store.ts';

/** AT_PAGESZ of getauxval(3). */
const PAGE_SIZE = 6n;
const ENTRY_BYTES = 16;

/** Bytes of a page of memory, by the auxiliary vector of this process; undefined without /proc. */
export function readPageBytes(files: FileStore): number | undefined {
  const length = files.readOnce('/proc/self/auxv');
  for (let at = 0; at + ENTRY_BYTES <= length; at += ENTRY_BYTES) {
    const isIt = files.buffer.readBigUInt64LE(at) === PAGE_SIZE;
    if (isIt) return Number(files.buffer.readBigUInt64LE(at + 8));
  }
  return undefined;
}
