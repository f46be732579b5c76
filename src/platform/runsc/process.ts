import { existsSync } from 'node:fs';
import type { FileStore } from '../file/file-store.ts';

/**
 * True while a sandbox' process lives: `<proc>/<pid>` is there and, where its arguments can be seen,
 * bears the sandbox' id, as runsc gives it. Another process may have taken the pid.
 */
export function isSandboxAlive(
  proc: string,
  pid: number,
  sandboxId: string,
  files: FileStore,
): boolean {
  const length = files.readOnce(`${proc}/${pid}/cmdline`);
  if (length <= 0) return length < 0 ? false : existsSync(`${proc}/${pid}/exe`);
  return files.buffer.toString('latin1', 0, length).split('\0').includes(sandboxId);
}
