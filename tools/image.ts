/**
 * `npm run image [binary [folder]]`: gathers in dist/image what config/image/Dockerfile needs: the
 * binary, by default this machine's of `npm run package`, and its libraries, which are this machine's.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PROGRAM = '/usr/local/bin/sandgauge';

const [binary = `dist/sandgauge-linux-${process.arch}`, folder = 'dist/image'] =
  process.argv.slice(2);
if (!existsSync(binary)) throw new Error(`${binary} is not there: npm run package makes it`);
rmSync(folder, { recursive: true, force: true });
put(binary, PROGRAM);
for (const library of librariesOf(binary)) put(library, library);
copyFileSync('config/image/Dockerfile', join(folder, 'Dockerfile'));
console.log(`${folder}: build it with  buildah build -t sandgauge ${folder}`);

function put(from: string, to: string): void {
  const path = join(folder, 'rootfs', to);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(from, path);
}

/** Those that ld.so would load, itself included. Throws for a binary of another architecture. */
function librariesOf(program: string): string[] {
  const printed = execFileSync('ldd', [program], { encoding: 'utf8' });
  const missing = /^\s*(\S+) => not found/m.exec(printed);
  if (missing !== null) throw new Error(`${missing[1]} is not installed`);
  return [...printed.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
}
