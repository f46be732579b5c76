import { ABSENT, type FileStore, type StoredFile } from '../../src/platform/file/file-store.ts';
import { nameOf } from './fuzz.ts';

/** A store of files that are in memory, by the last part of their path. */
export interface MemoryFiles extends FileStore {
  readonly contents: Map<string, Buffer>;
}

const PAGE = 64 * 1024;

/** Makes an empty one; it reads as the store of kernel files does, a page or all. */
export function createMemoryFiles(): MemoryFiles {
  const contents = new Map<string, Buffer>();
  let buffer = Buffer.alloc(PAGE, '9:9 Read 77\n rbytes=7 total=7\n');
  return {
    contents,
    get buffer() {
      return buffer;
    },
    open(path): StoredFile {
      return {
        path,
        read: () => read(nameOf(path), PAGE),
        readWhole: () => read(nameOf(path), Number.POSITIVE_INFINITY),
        close() {},
      };
    },
    readOnce: (path) => read(nameOf(path), Number.POSITIVE_INFINITY),
    retryAbsent() {},
    isKept: () => false,
  };

  function read(name: string, limit: number): number {
    const content = contents.get(name);
    if (content === undefined) return ABSENT;
    const length = Math.min(content.length, limit);
    if (length > buffer.length) buffer = Buffer.alloc(length * 2);
    content.copy(buffer, 0, 0, length);
    return length;
  }
}
