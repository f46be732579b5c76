import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ConfigError } from '../../errors.ts';

const claimed = new Set<string>();

/**
 * Takes a file for one exporter of this process; gives what releases it. Throws a ConfigError where
 * another has it: they would cut off each other's records.
 */
export function claimPath(path: string, key: string): () => void {
  const whole = wholePath(path);
  if (claimed.has(whole)) {
    throw new ConfigError(key, `another file exporter writes ${path}; give each a path of its own`);
  }
  claimed.add(whole);
  return () => void claimed.delete(whole);
}

function wholePath(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    return realDirectory(whole);
  }
}

function realDirectory(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}
