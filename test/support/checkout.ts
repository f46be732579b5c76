import { cpSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const FOLDERS = ['config', 'docs', 'examples', 'src', 'test', 'tools'];
const FILES = [
  ...['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md', 'otel-collector.yaml'],
  ...['biome.json', 'knip.json', 'package.json', 'tsconfig.json', 'vitest.config.ts'],
];

/** Copies the checkout into a temporary folder, which shares its packages; returns the folder. */
export function copyCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-checkout-'));
  for (const path of [...FOLDERS, ...FILES]) cpSync(path, join(folder, path), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  return folder;
}
