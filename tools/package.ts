/**
 * `npm run package [-- ARCH...] [--pkg]`: makes dist/sandgauge-linux-ARCH with its checksum and its
 * bill of materials, for each architecture whose Node npm installed, or for those that are named.
 * `--pkg` makes dist/sandgauge-linux-ARCH-pkg, by pkg and without flags and code cache.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleProgram } from './bundle/bundle.ts';
import { readCommit } from './bundle/commit.ts';
import { readPackage } from './bundle/packages.ts';
import { findNode, isInstalled, knownArchs } from './package/node-packages.ts';
import { sbomText } from './package/sbom.ts';
import { makeBinary, makeBinaryByPkg } from './package/single-executable.ts';

const BUNDLE = 'sandgauge.cjs';

const { positionals: named, values } = parseArgs({
  allowPositionals: true,
  options: { pkg: { type: 'boolean', default: false } },
});
const archs = named.length > 0 ? named : knownArchs().filter(isInstalled);
const generator = findNode(process.arch);
mkdirSync('dist', { recursive: true });
for (const arch of archs) await makePackage(arch);
for (const arch of named.length > 0 ? [] : knownArchs().filter((each) => !isInstalled(each))) {
  console.log(
    `${arch}: not made, its Node is not installed; npm run package -- ${arch} fetches it`,
  );
}

async function makePackage(arch: string): Promise<void> {
  const node = findNode(arch);
  const output = `dist/sandgauge-linux-${arch}${values.pkg ? '-pkg' : ''}`;
  const folder = mkdtempSync('dist/package-');
  try {
    const bundling = { outfile: join(folder, BUNDLE), compact: true, beside: [node.folder] };
    const packages = await bundleProgram(bundling);
    const make = values.pkg ? makeBinaryByPkg : makeBinary;
    const binary = make({ node, generator, folder, bundle: BUNDLE });
    const content = readFileSync(binary);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const product = { file: basename(output), sha256, commit: readCommit() };
    writeFileSync(`${output}.sha256`, `${sha256}  ${product.file}\n`);
    writeFileSync(`${output}.cdx.json`, sbomText(product, readPackage('.'), packages));
    renameSync(binary, output);
    const hasCache = arch === generator.arch && !values.pkg;
    const cache = hasCache ? '' : ', without code cache';
    console.log(`${output}: ${Math.round(content.length / 1e6)} MB, Node ${node.version}${cache}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
