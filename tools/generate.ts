/**
 * `npm run generate`: writes the tables of components, options and metrics and the JSON Schema of
 * the configuration. `--check` compares instead, names each file that differs and exits 1.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { generateFiles } from './generate/files.ts';

const isCheck = argv.includes('--check');
for (const [path, text] of await generateFiles()) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  console.log(isCheck ? `differs: ${path}; run npm run generate` : `written: ${path}`);
  if (isCheck) process.exitCode = 1;
  else writeFileSync(path, text);
}
