import { execFileSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

/** All that a binary is made of. */
const SOURCES = [
  '{src,config}/**/*',
  'tools/{bundle,package}/**/*',
  'tools/package.ts',
  'otel-collector.yaml',
  'package-lock.json',
];

/** The absolute path of the standalone binary: SANDGAUGE_BINARY, else that of this checkout, made when older than it. */
export function packagedBinary(): string {
  if (process.env.SANDGAUGE_BINARY !== undefined) return resolve(process.env.SANDGAUGE_BINARY);
  const binary = `dist/sandgauge-linux-${process.arch}`;
  const changed = Math.max(...globSync(SOURCES).map((path) => statSync(path).mtimeMs));
  if ((statSync(binary, { throwIfNoEntry: false })?.mtimeMs ?? 0) < changed) {
    execFileSync(process.execPath, ['tools/package.ts', process.arch], { stdio: 'pipe' });
  }
  return resolve(binary);
}
