/**
 * CPU of a pass over 700 real containers with one idle process each (cgroup v1, every hierarchy
 * that is read) and over the agent's own cgroup, against a C program that does the same reads. Each
 * run is a process of its own in a memory cgroup of its own.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { makeCgroup, type TestCgroup } from '../support/cgroup-v1.ts';
import { compile } from '../support/peers.ts';
import { calibrate, median, report } from './report.ts';

const LEAVES = 700;
const PASSES = 100;
/** Stands for a leaf's name in a path. */
const LEAF = '<leaf>';
const MEGABYTE = 1e6;
const FILES_PER_LEAF = 25;
/** What the kernel holds for a file that is kept open, and what the agent takes beside. */
const BYTES_PER_FILE = 4_700;
const OWN_BYTES = 85 * MEGABYTE;
const CONTROLLERS = ['cpu', 'cpuacct', 'memory', 'pids', 'blkio'];

/** What test/bench/cgroup-passes.ts prints. */
interface Measured {
  readonly passMillis: number[];
  readonly longestSliceMillis: number;
  readonly memoryBytes: number;
  readonly points: number;
  readonly kept: string[];
}

// Bundled, as the agent is: stripping types at run time would count as memory of the agent.
const bundle = 'dist/bench-cgroup-passes.mjs';
buildSync({
  entryPoints: ['test/bench/cgroup-passes.ts'],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
});
const parent = makeCgroup('bench', CONTROLLERS);
const self = makeCgroup('bench-self');
const leaves: TestCgroup[] = [];
const work = mkdtempSync(join(tmpdir(), 'sandgauge-bench-'));
try {
  for (let i = 0; i < LEAVES; i++) {
    const id = i.toString(16).padStart(64, '0');
    const leaf = makeCgroup(`${parent.id}/cri-containerd-${id}.scope`, CONTROLLERS);
    leaves.push(leaf);
    leaf.run([compile('hog.c'), '0', '0']);
  }
  const calibration = calibrate();
  const all = measure(LEAVES * FILES_PER_LEAF);
  const usual = measure(0);
  const files = new Set(all.kept.map((path) => path.replace(/[^/]+\.scope/, LEAF)));
  const [allPeer, usualPeer] = [peer(all, files), peer(usual, files)];
  report([
    { name: 'leaves', value: LEAVES, unit: 'cgroups' },
    { name: 'points per pass', value: all.points, unit: 'points' },
    { name: 'all kept: files kept', value: all.kept.length, unit: 'files' },
    { name: 'all kept: pass, CPU', value: median(all.passMillis), unit: 'ms' },
    { name: 'all kept: C program, CPU', value: allPeer, unit: 'ms' },
    {
      name: 'all kept: pass over C',
      value: median(all.passMillis) / allPeer,
      unit: 'of 1',
      limit: 2.5,
    },
    { name: 'default budget: files kept', value: usual.kept.length, unit: 'files' },
    {
      name: 'default budget: pass over C',
      value: median(usual.passMillis) / usualPeer,
      unit: 'of 1',
    },
    { name: 'longest slice, CPU of its thread', value: all.longestSliceMillis, unit: 'ms' },
    {
      name: 'longest slice over calibration',
      value: all.longestSliceMillis / calibration,
      unit: 'of 1',
      limit: 1,
    },
    {
      name: 'all kept: memory, fds included',
      value: all.memoryBytes / MEGABYTE,
      unit: 'MB',
      limit: (OWN_BYTES + all.kept.length * BYTES_PER_FILE) / MEGABYTE,
    },
    {
      name: 'default budget: memory, fds included',
      value: usual.memoryBytes / MEGABYTE,
      unit: 'MB',
    },
  ]);
} finally {
  rmSync(work, { recursive: true });
  for (const leaf of leaves) await leaf.remove();
  await parent.remove();
  await self.remove();
}

function measure(fdBudget: number): Measured {
  const program = [process.execPath, ...process.execArgv, bundle];
  const args = [String(PASSES), String(fdBudget), parent.id, self.id];
  const join = `echo $$ > '${self.directory('memory')}/cgroup.procs'; exec "$@"`;
  const { stdout, stderr } = spawnSync('sh', ['-c', join, 'sh', ...program, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * MEGABYTE,
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/**
 * CPU of a pass of the C program with the same descriptors kept, in ms. `files` are those that a
 * pass reads of each leaf, beside cgroup.procs, which is opened each time; of its process it reads the
 * limits and looks at the descriptors.
 */
function peer({ kept }: Measured, files: ReadonlySet<string>): number {
  const isKept = new Set(kept);
  const lines = leaves.flatMap((leaf) => {
    const name = leaf.id.slice(leaf.id.lastIndexOf('/') + 1);
    const paths = [...files].map((file) => file.replace(LEAF, name));
    const proc = `/proc/${leaf.read('memory', 'cgroup.procs')}`;
    return [
      ...paths.map((path) => `${isKept.has(path) ? 'k' : 'o'} ${path}`),
      ...CONTROLLERS.map((controller) => `o ${leaf.directory(controller)}/cgroup.procs`),
      ...[`o ${proc}/limits`, `d ${proc}/fd`],
    ];
  });
  const list = join(work, 'reads');
  writeFileSync(list, `${lines.join('\n')}\n`);
  const output = execFileSync(compile('../bench/pread.c'), [list, '30'], { encoding: 'utf8' });
  return median(output.trim().split('\n').map(Number)) * 1000;
}
