import { constants, globSync, lstatSync } from 'node:fs';
import { access, chmod, lstat, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../../errors.ts';
import type { Config } from './config.ts';

type DirectoryConfig = Pick<Config, 'create_directory' | 'directory_permissions'>;

/** Makes a directory, if that is wanted, and checks that it can be used. Throws a ConfigError. */
export async function prepareDirectory(
  path: string,
  config: DirectoryConfig,
  key: string,
): Promise<void> {
  const { create_directory: isMade, directory_permissions: mode } = config;
  try {
    if (isMade) await mkdir(path, { recursive: true, mode });
    const { R_OK, W_OK, X_OK } = constants;
    if (!(await stat(path)).isDirectory()) throw new Error('is no directory');
    await access(path, R_OK | W_OK | X_OK);
  } catch (error) {
    throw new ConfigError(key, `${path}: ${adviceFor(error as Error)}`, { cause: error });
  }
}

/**
 * Makes a folder in it that is nobody else's, with mode 0700. Throws a ConfigError for one that
 * somebody else has made.
 */
export async function makeOwnFolder(path: string, key: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw new ConfigError(key, `${path}: ${adviceFor(error)}`);
  });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.geteuid?.()) {
    throw new ConfigError(
      key,
      `${path} is not the agent's own: remove it, or use another directory`,
    );
  }
  if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
}

/** Throws a ConfigError unless files can be moved from one directory to the other. */
export async function checkSameDevice(one: string, other: string, key: string): Promise<void> {
  const [there, here] = await Promise.all([stat(one), stat(other)]);
  if (there.dev === here.dev) return;
  throw new ConfigError(key, `${one} is on another file system than ${other}: leave it empty`);
}

/** Bytes of the files in each folder of a directory. */
export function readFolderSizes(path: string): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const file of globSync('*/*', { cwd: path })) {
    const found = lstatSync(join(path, file), { throwIfNoEntry: false });
    const bytes = found?.isFile() ? found.size : 0;
    sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + bytes);
  }
  return sizes;
}

/** A component's name as that of a folder, by the Collector's rule. */
export function folderNameOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/gu, (each) => {
    const code = (each.codePointAt(0) ?? 0).toString(16).toUpperCase();
    return `~${code.padStart(4, '0')}`;
  });
}

function adviceFor(error: NodeJS.ErrnoException): string {
  const advice: Record<string, string> = {
    ENOENT: 'there is no such directory; make it, or set create_directory: true',
    EACCES: 'no right to write there; choose another directory, or give the agent the right',
    EROFS: 'the file system is read-only; choose another directory',
    ENOTDIR: 'is no directory',
    EEXIST: 'is no directory',
  };
  return advice[error.code ?? ''] ?? error.message;
}
