import { createFdBudget } from '../../src/platform/file/fd-budget.ts';
import { createFileStore, type FileStore } from '../../src/platform/file/file-store.ts';
import { type FakeRoot, makeRoot } from '../support/bundles.ts';

/** A folder that stands for a kernel's, the store that reads it, and what could not be read. */
export interface KernelFiles extends FakeRoot {
  readonly files: FileStore;
  readonly failed: string[];
}

/** Makes an empty one; nothing of an earlier read is left in its buffer but garbage digits. */
export function makeKernelFiles(): KernelFiles {
  const failed: string[] = [];
  const files = createFileStore(createFdBudget(64), {
    failed: (path, code) => failed.push(`${code} ${path}`),
    recovered() {},
    gone() {},
  });
  // What stands behind the end of a file must never be read.
  files.buffer.fill('9:9 Read 77\n rbytes=7 total=7\n');
  return { ...makeRoot(), files, failed };
}
