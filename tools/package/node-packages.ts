import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A Node that a binary is made of. */
export interface NodePackage {
  readonly arch: string;
  readonly version: string;
  /** Its npm package. */
  readonly folder: string;
  /** Absolute. */
  readonly program: string;
}

/** The architectures that package.json names a Node for. */
export function knownArchs(): string[] {
  const names = Object.keys(manifest().optionalDependencies);
  return names.flatMap((name) => /^node-linux-(.+)$/.exec(name)?.[1] ?? []);
}

/** Whether npm installed the Node of an architecture. */
export function isInstalled(arch: string): boolean {
  return existsSync(join(folderOf(arch), 'bin/node'));
}

/**
 * The Node of an architecture, in the exact version of package.json; npm fetches one of another
 * machine. Throws when another version is installed.
 */
export function findNode(arch: string): NodePackage {
  const name = `node-linux-${arch}`;
  const version = manifest().optionalDependencies[name];
  if (version === undefined)
    throw new Error(`package.json has no ${name}; there are: ${knownArchs().join(', ')}`);
  const folder = folderOf(arch);
  if (!isInstalled(arch)) fetchPackage(name, version, folder);
  const installed = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  if (installed !== version)
    throw new Error(`${folder} is ${installed}, package.json asks for ${version}: run npm ci`);
  return { arch, version, folder, program: resolve(folder, 'bin/node') };
}

function folderOf(arch: string): string {
  return `node_modules/node-linux-${arch}`;
}

function manifest(): { optionalDependencies: Record<string, string> } {
  return JSON.parse(readFileSync('package.json', 'utf8'));
}

/** `npm install` would take the packages of this machine away. */
function fetchPackage(name: string, version: string, folder: string): void {
  const work = mkdtempSync(join(tmpdir(), 'sandgauge-node-'));
  try {
    const args = ['pack', '--silent', '--pack-destination', work, `${name}@${version}`];
    execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const archive = join(work, readdirSync(work)[0] ?? '');
    const { integrity } = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages[folder];
    const hash = createHash('sha512').update(readFileSync(archive)).digest('base64');
    if (integrity !== `sha512-${hash}`)
      throw new Error(`${name}@${version} is not the one of package-lock.json`);
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['xzf', archive, '--strip-components=1', '-C', folder]);
  } finally {
    rmSync(work, { recursive: true });
  }
}
