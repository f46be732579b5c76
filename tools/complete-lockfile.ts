/**
 * Adds to package-lock.json the optional packages of other platforms that a registry mirror did
 * not answer for. Without them `npm ci` calls the lockfile out of sync. Run it after `npm install`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  optionalDependencies?: Record<string, string>;
}

const CPUS: Record<string, string> = { gnueabihf: 'arm', eabi: 'arm', musleabihf: 'arm' };

function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu'> {
  const match = /(android|darwin|freebsd|linux|openharmony|win32)-(.+)$/.exec(name);
  if (match === null) return {};
  const cpu = (match[2] ?? '').split('-')[0] ?? '';
  return { os: [match[1] ?? ''], cpu: [CPUS[cpu] ?? cpu] };
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const packages: Record<string, LockEntry> = lock.packages;
for (const [parent, entry] of Object.entries(packages)) {
  if (parent === '') continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    packages[`node_modules/${name}`] ??= {
      version,
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...platformOf(name),
    };
  }
}
lock.packages = Object.fromEntries(
  Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
);
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
