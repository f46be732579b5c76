import { readFileSync } from 'node:fs';
import type { BundledPackage } from '../bundle/packages.ts';

/** What the product is called in its bill of materials. */
export interface Product {
  readonly file: string;
  readonly sha256: string;
  readonly commit: string;
}

/** A bill of materials in CycloneDX's JSON: the packages in the binary and nothing else. */
export function sbomText(
  { file, sha256, commit }: Product,
  own: BundledPackage,
  packages: readonly BundledPackage[],
): string {
  const { packages: locked } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const components = packages.map((each) => component(each, locked[each.folder]?.integrity));
  const root = {
    ...{ type: 'application', 'bom-ref': 'sandgauge', name: own.name, version: own.version },
    licenses: [{ expression: own.license }],
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    properties: [
      { name: 'sandgauge:file', value: file },
      { name: 'sandgauge:commit', value: commit },
    ],
  };
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: root },
    components,
    dependencies: [{ ref: 'sandgauge', dependsOn: components.map((each) => each['bom-ref']) }],
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

/** `integrity` is the lockfile's: of the package as npm ships it. */
function component({ name, version, license }: BundledPackage, integrity: string) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const isNode = name.startsWith('node-linux-');
  return {
    ...{ type: isNode ? 'platform' : 'library', 'bom-ref': purl, name, version, purl },
    ...(isNode ? { cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*` } : {}),
    licenses: [{ expression: license }],
    hashes: [{ alg: 'SHA-512', content: hexOf(integrity) }],
  };
}

function hexOf(integrity: string): string {
  return Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
}
