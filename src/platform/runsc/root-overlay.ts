import type { FileStore } from '../file/file-store.ts';

/** Flags of runsc that lay an overlay over the root file system (runsc/config/flags.go). */
const FLAG = /^--?overlay2?(?:=(.*))?$/s;
/** None, or one whose file is kept in the root file system itself, as is newer builds' default. */
const ON_HOST = /^(?:false|none|(?:root|all):self)$/;
/** A pod may ask for another overlay, or another root, by annotation (runsc/boot/mount_hints.go). */
const HINT = 'dev.gvisor.spec.rootfs.';

/**
 * True when what containers of a sandbox write to their root file system is on the host's disk, by the
 * sandbox' arguments (proc(5), cmdline) and a container's annotations. gVisor can also keep it in
 * memory, or in a file elsewhere. False where the arguments cannot be seen.
 */
export function isRootOnHost(
  proc: string,
  pid: number,
  annotations: Readonly<Record<string, string>>,
  files: FileStore,
): boolean {
  const length = files.readOnce(`${proc}/${pid}/cmdline`);
  if (length <= 0 || Object.keys(annotations).some((key) => key.startsWith(HINT))) return false;
  return files.buffer
    .toString('latin1', 0, length)
    .split('\0')
    .map((argument) => FLAG.exec(argument))
    .every((flag) => flag === null || ON_HOST.test(flag[1] ?? 'true'));
}
