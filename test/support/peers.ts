import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';

/** Where downloads and compiled helpers are kept, outside the checkout. */
export function cacheDirectory(): string {
  const { SANDGAUGE_CACHE, XDG_CACHE_HOME, HOME } = process.env;
  const directory =
    SANDGAUGE_CACHE ?? join(XDG_CACHE_HOME ?? join(HOME ?? '/tmp', '.cache'), 'sandgauge');
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** The absolute path of a program; undefined when it is not installed. */
export function findPeer(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/go/bin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** The newest guest kernel that install-peers.sh unpacked. */
export function findKernel(): string | undefined {
  return globSync(join(cacheDirectory(), 'kernel-*/boot/vmlinuz-*')).sort().at(-1);
}

/**
 * Says which of a suite's needs are missing: true means skip, by name. With CI=true a missing
 * peer is a failure.
 */
export function isMissing(suite: string, needs: Record<string, unknown>): boolean {
  const missing = Object.keys(needs).filter((name) => !needs[name]);
  if (missing.length === 0) return false;
  const text = `${suite} needs ${missing.join(', ')}: npm run test:all installs them`;
  if (process.env.CI === 'true') throw new Error(text);
  process.stderr.write(`skipped: ${text}\n`);
  return true;
}

/** Compiles a C program of test/support, statically, once per version of its source. */
export function compile(source: string): string {
  const path = join(import.meta.dirname, source);
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12);
  const output = join(cacheDirectory(), `${basename(source)}-${hash}`);
  if (!existsSync(output)) execFileSync('cc', ['-O2', '-static', '-o', output, path]);
  return output;
}

/** Builds a program by a script of test/support, once per version of its source; returns its path. */
export function build(script: string, ...args: readonly string[]): string {
  const command = [join(import.meta.dirname, script), ...args];
  return execFileSync('bash', command, { encoding: 'utf8', stdio: 'pipe' }).trim();
}
