import {
  closeSync,
  constants,
  type Dir,
  fstatSync,
  opendirSync,
  openSync,
  type Stats,
} from 'node:fs';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
const FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK;
const ENTRIES_A_CALL = 128;
/** What stands in a directory's place is none, or is gone. */
const NOT_THERE = ['ENOENT', 'ENOTDIR', 'ELOOP'];

/** A directory that is open: what is done in it goes through its descriptor, wherever it is moved. */
export interface OpenDirectory {
  readonly fd: number;
  readonly stat: Stats;
}

/**
 * Opens a directory; undefined where none is in that place. Throws where it may not be read. A part
 * of the path but the last may be a link.
 */
export function openDirectory(path: string | Buffer): OpenDirectory | undefined {
  let fd: number;
  try {
    fd = openSync(path, FLAGS);
  } catch (error) {
    if (NOT_THERE.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  try {
    return { fd, stat: fstatSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Lists an open directory; names are bytes, as latin1 text. */
export function listDirectory(fd: number): Dir {
  const path = `/proc/self/fd/${fd}`;
  return opendirSync(path, { encoding: 'latin1', bufferSize: ENTRIES_A_CALL });
}

/** The path of an entry, by openat(2)'s way: no part of it but the name is looked up by name. */
export function entryPath(fd: number, name: string): Buffer {
  return Buffer.from(`/proc/self/fd/${fd}/${name}`, 'latin1');
}
