import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const PAGES = globSync('{*.md,{config,docs,examples,src}/**/*.md}');
const LINK = /\]\(([^)#\s]+)(?:#[^)]*)?\)/g;
/** Of files of src/ some pages leave that out. */
const PATH = /`((?:config|docs|examples|src|test|tools)\/[\w./-]+|[\w-]+\/[\w./-]+\.ts)`/g;
const SCRIPT = /npm run ([\w:]+)/g;
/** Files of Kata's repository. */
const FOREIGN = /^docs\/design\//;

const scripts: object = JSON.parse(readFileSync('package.json', 'utf8')).scripts;
const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, name = '']) => name);

/** What a page names that is not there. */
function staleIn(page: string, text: string): string[] {
  const links = matches(text, LINK).filter((link) => !link.includes('://'));
  const paths = matches(text, PATH).filter((path) => !FOREIGN.test(path));
  return [
    ...links.filter((link) => !existsSync(join(dirname(page), link))),
    ...paths.filter((path) => !existsSync(path) && !existsSync(join('src', path))),
    ...matches(text, SCRIPT).filter((name) => !(name in scripts)),
  ];
}

test.each(PAGES)('all that %s names is there', (page) => {
  expect(staleIn(page, readFileSync(page, 'utf8'))).toEqual([]);
});

test('a planted link, path and command are found', () => {
  const text =
    'See [a](../none.md), [b](metrics.md#cpu), `cli/main.ts`, `cli/none.ts`, `npm run none`.';
  expect(staleIn('docs/page.md', text)).toEqual(['../none.md', 'cli/none.ts', 'none']);
});

test('the picture of the architecture has every folder of the floors and of the platform', () => {
  const picture = readFileSync('ARCHITECTURE.md', 'utf8').split('```')[1] ?? '';
  const folders = globSync('{src,src/platform}/*/').map((path) => `${path.split('/').pop()}/`);
  expect(folders.length).toBeGreaterThan(20);
  expect(folders.filter((folder) => !picture.includes(folder))).toEqual([]);
});
