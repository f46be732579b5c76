import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ConfigError } from '../errors.ts';

const MAX_BYTES = 1024 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file; check the path after --config',
  ENOTDIR: 'no such file; a part of this path is a file',
  EACCES: 'no right to read this file',
  EPERM: 'no right to read this file',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'this is too long for a path',
};

/** Reads a file of the configuration as text. Throws ConfigError with the path. */
export function readText(path: string): string {
  const bytes = readBytes(path);
  checkEncoding(bytes, path);
  return new TextDecoder().decode(bytes);
}

function readBytes(path: string): Buffer {
  let fd: number | undefined;
  try {
    // Without O_NONBLOCK the open of a pipe that nobody writes to would wait for ever.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return readAll(fd, path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new ConfigError(path, REASONS[code] ?? message, { cause: error });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** One byte more than allowed is asked for: the size that stat tells may grow meanwhile. */
function readAll(fd: number, path: string): Buffer {
  const stat = fstatSync(fd);
  if (stat.isDirectory()) throw new ConfigError(path, 'this is a directory, give a file in it');
  if (!stat.isFile()) throw new ConfigError(path, 'this is not a regular file');
  const bytes = Buffer.alloc(Math.min(stat.size, MAX_BYTES) + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < bytes.length; length += read) {
    read = readSync(fd, bytes, length, bytes.length - length, null);
  }
  if (length > MAX_BYTES) throw new ConfigError(path, `larger than ${MAX_BYTES} bytes`);
  return bytes.subarray(0, length);
}

function checkEncoding(bytes: Buffer, path: string): void {
  if (isUtf8(bytes)) return;
  const lossy = bytes.toString('utf8');
  const line = lossy.slice(0, lossy.indexOf('\ufffd')).split('\n').length;
  throw new ConfigError(`${path}:${line}`, 'this is not UTF-8: save the file in that encoding');
}
