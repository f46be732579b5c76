import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodePackage } from './node-packages.ts';

/** Flags of Node that are part of the binary. */
const EXEC_ARGV = ['--max-semi-space-size=2'];
/** Where Node looks for the mark that a program is inside. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const BINARY = 'sandgauge';
const POSTJECT = fileURLToPath(import.meta.resolve('postject/dist/cli.js'));
const PKG = fileURLToPath(import.meta.resolve('@yao-pkg/pkg/lib-es5/bin.js'));

/** What a binary is made of. */
export interface Parts {
  readonly node: NodePackage;
  /** A Node of the same version that runs here. */
  readonly generator: NodePackage;
  /** Has the program as one CommonJS file; stack traces name it. */
  readonly folder: string;
  readonly bundle: string;
}

/**
 * Puts a bundle into a copy of Node. V8's code cache, which only a Node of the same architecture can make, is
 * in it when the generator is one. Returns the path, in the folder.
 */
export function makeBinary({ node, generator, folder, bundle }: Parts): string {
  const blob = 'sandgauge.blob';
  const config = {
    main: bundle,
    output: blob,
    disableExperimentalSEAWarning: true,
    useCodeCache: node.arch === generator.arch,
    execArgv: EXEC_ARGV,
  };
  writeFileSync(join(folder, 'sea.json'), JSON.stringify(config));
  // V8 refuses a code cache that was made under other flags.
  run(generator.program, [...EXEC_ARGV, '--experimental-sea-config', 'sea.json'], folder);
  const binary = join(folder, BINARY);
  copyStripped(node, binary);
  const inject = [BINARY, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE];
  run(generator.program, [POSTJECT, ...inject], folder);
  return binary;
}

/** The same by pkg, whose interface takes neither flags nor a code cache. */
export function makeBinaryByPkg({ node, generator, folder, bundle }: Parts): string {
  // pkg would download Node, were it not in its cache, as fetched and verified.
  const cached = join(folder, `.pkg-cache/sea/node-v${node.version}-linux-${node.arch}`);
  copyStripped(node, join(cached, 'bin/node'));
  for (const file of ['/bin/node.ok', '.tar.gz', '.tar.gz.ok']) writeFileSync(cached + file, '');
  const target = `node${node.version}-linux-${node.arch}`;
  const args = [PKG, '--sea', bundle, '--targets', target, '--output', BINARY];
  run(generator.program, args, folder, { ...process.env, HOME: resolve(folder) });
  return join(folder, BINARY);
}

function copyStripped({ program, arch }: NodePackage, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(program, target);
  chmodSync(target, 0o755);
  try {
    run('strip', ['--strip-all', target]);
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string };
    const reason = code === 'ENOENT' ? 'binutils is not installed' : stderr?.trim();
    console.warn(`${arch}: Node's debug symbols (18 MB) stay: strip: ${reason}`);
  }
}

/** What the command prints is shown only when it fails. */
function run(program: string, args: readonly string[], cwd = '.', env = process.env): void {
  execFileSync(program, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
