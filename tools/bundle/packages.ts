import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package whose code is in the product. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** Its SPDX expression. */
  readonly license: string;
  readonly folder: string;
  /** The texts of its licence and notice files. */
  readonly licenceText: string;
}

const PACKAGE_FOLDER = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;
const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

/** The folders of the packages that files, relative to the checkout, belong to. */
export function packageFolders(files: Iterable<string>): string[] {
  const folders = [...files].map((file) => PACKAGE_FOLDER.exec(file)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

/** Reads what a package says of itself. Throws when it has no licence text. */
export function readPackage(folder: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const licenceText = texts.join('\n\n').replaceAll('\r\n', '\n');
  if (typeof license !== 'string' || licenceText === '')
    throw new Error(
      `${folder}: a package without a licence text may not be bundled: leave it out, or ship its text`,
    );
  return { name, version, license, folder, licenceText };
}

/** The texts of all licences, each once, under the names of the packages that have it. */
export function licencesText(own: BundledPackage, packages: readonly BundledPackage[]): string {
  const byText = Map.groupBy([own, ...packages], ({ licenceText }) => licenceText);
  return [...byText]
    .map(([text, of]) => {
      const names = of.map(({ name, version, license }) => `${name} ${version} (${license})`);
      return `${names.join('\n')}\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
