import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { FileStore } from './file-store.ts';

const READ = constants.O_RDONLY | constants.O_NONBLOCK;
const MAX_BYTES = 8 * 1024 * 1024;
let buffer = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Reads a text of /proc or /etc, of which no size is known beforehand: its first 8 MiB. Undefined
 * when it is empty, absent or may not be read, and for what is no file: a FIFO holds nobody up.
 */
export function readText(path: string): string | undefined {
  try {
    const fd = openSync(path, READ);
    try {
      const length = fill(fd);
      return length === 0 ? undefined : buffer.toString('utf8', 0, length);
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** As `readText`, by a store, whose listener hears of what may not be read. */
export function readTextOnce(path: string, files: FileStore): string | undefined {
  const length = files.readOnce(path);
  return length <= 0 ? undefined : files.buffer.toString('utf8', 0, length);
}

/** By position, which a FIFO, a socket and a terminal refuse. */
function fill(fd: number): number {
  for (let length = 0; ; ) {
    const read = readSync(fd, buffer, length, buffer.length - length, length);
    length += read;
    if (read === 0 || length >= MAX_BYTES) return length;
    if (length === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
  }
}
