/** `npm run bench -- <suite> [--json]`: runs test/bench/<suite>.ts; exit 1 over its limit. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const SUITES = [
  'aggregate',
  'cgroup',
  'kata',
  'libvirt',
  'otlp',
  'queue',
  'runsc',
  'start',
  'text',
];
const [suite = '', ...rest] = process.argv.slice(2);
if (!SUITES.includes(suite) || !existsSync(`test/bench/${suite}.ts`)) {
  console.error(`usage: npm run bench -- <suite> [--json]; suites: ${SUITES.join(', ')}`);
  process.exitCode = 1;
} else {
  // The flags under which the agent runs.
  const flags = ['--max-semi-space-size=2', '--optimize-for-size'];
  const args = [...flags, `test/bench/${suite}.ts`, ...rest];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}
