import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from './peers.ts';

/** Unpacks a captured tree of test/fixtures once; returns the folder that holds snap1 and snap2. */
export function unpackTree(name: string): string {
  const target = join(cacheDirectory(), `tree-${name}`);
  if (existsSync(target)) return target;
  const partial = `${target}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const archive = join(import.meta.dirname, `../fixtures/${name}.tar.gz`);
  execFileSync('tar', ['xzf', archive, '-C', partial]);
  try {
    renameSync(partial, target);
  } catch (error) {
    // Another suite was first.
    if (!existsSync(target)) throw error;
  }
  return target;
}
