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
  // Never split: the arguments are that process' own to write.
  const found = files.buffer.subarray(0, length);
  const last = `\0${sandboxId}`;
  const isLast = found.subarray(-last.length).equals(Buffer.from(last));
  return isLast || found.includes(`${last}\0`);
}
