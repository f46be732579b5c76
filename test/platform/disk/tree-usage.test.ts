import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  measureTree,
  STEPS_A_TURN,
  TreeBoundError,
  type TreeUsage,
} from '../../../src/platform/disk/tree-usage.ts';
import { makeFifo } from '../../support/bundles.ts';

const HUGE = { entries: 1e9, depth: 1e9, links: 1e9, waiting: 1e9 };
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sandgauge-tree-'));
});
afterEach(() => execFileSync('rm', ['-rf', root]));

function measure(bounds = HUGE): TreeUsage | undefined {
  const walk = measureTree(root, bounds);
  for (let step = walk.next(); ; step = walk.next()) if (step.done) return step.value;
}

/** What du(1) and find(1) say: allocated bytes and different inodes, in one device. */
function truth(): Pick<TreeUsage, 'bytes' | 'inodes'> {
  const du = execFileSync('du', ['-sx', '--block-size=1', root], { encoding: 'utf8' });
  const inodes = execFileSync('find', [root, '-xdev', '-printf', '%i\\n'], {
    ...{ encoding: 'utf8', maxBuffer: 2 ** 26 },
  });
  return { bytes: Number.parseInt(du, 10), inodes: new Set(inodes.trim().split('\n')).size };
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

test('files, holes, hard links and all that is no file count as du and find count them', () => {
  writeFileSync(join(root, 'large'), Buffer.alloc(1_000_000, 1));
  writeFileSync(join(root, 'empty'), '');
  writeFileSync(join(root, 'hole'), 'x');
  truncateSync(join(root, 'hole'), 2 ** 30);
  mkdirSync(join(root, 'a/b/c'), { recursive: true });
  linkSync(join(root, 'large'), join(root, 'a/b/again'));
  linkSync(join(root, 'large'), join(root, 'a/b/c/and again'));
  writeFileSync(join(root, 'a/b/c/small'), 'small');
  symlinkSync('/', join(root, 'a/out'));
  symlinkSync('..', join(root, 'a/b/up'));
  symlinkSync('x'.repeat(1000), join(root, 'a/dangling'));
  makeFifo(join(root, 'a/fifo'));
  execFileSync('mknod', [join(root, 'a/whiteout'), 'c', '0', '0']);
  const usage = measure();
  expect(usage).toMatchObject(truth());
  expect(usage?.inodes).toBe(13);
  expect(usage?.bytes).toBeGreaterThan(1_000_000);
  expect(usage?.bytes).toBeLessThan(1_200_000);
});

test('an empty tree is its directory; none is undefined, as is a file in its place', () => {
  expect(measure()).toMatchObject(truth());
  expect(measure()?.inodes).toBe(1);
  expect(measureTree(join(root, 'none')).next()).toEqual({ done: true, value: undefined });
  writeFileSync(join(root, 'file'), '');
  expect(measureTree(join(root, 'file')).next()).toEqual({ done: true, value: undefined });
  symlinkSync('.', join(root, 'link'));
  expect(measureTree(join(root, 'link')).next()).toEqual({ done: true, value: undefined });
});

test('names that are no UTF-8', () => {
  for (const bytes of [[0xff, 0xfe], [0xc3, 0x28], [10, 9, 34], [0x80]]) {
    const name = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(bytes)]);
    mkdirSync(name);
    writeFileSync(Buffer.concat([name, Buffer.from('/'), Buffer.from(bytes)]), 'content');
  }
  const usage = measure();
  expect(usage).toMatchObject(truth());
  expect(usage?.inodes).toBe(9);
});

test('10,000 levels: paths longer than the kernel takes, and few descriptors', () => {
  nest(10_000);
  const before = openFiles();
  let most = 0;
  let turns = 0;
  const walk = measureTree(root, HUGE);
  let step = walk.next();
  for (; !step.done; step = walk.next()) {
    if (++turns % 16 === 0) most = Math.max(most, openFiles());
  }
  expect(step.value).toMatchObject({ inodes: 10_001 });
  expect(step.value?.bytes).toBe(truth().bytes);
  expect(most - before).toBeGreaterThan(0);
  expect(most - before).toBeLessThan(40);
  expect(openFiles()).toBe(before);
});

test('100,000 files are looked at in turns of 64', () => {
  const files = 100_000;
  for (let i = 0; i < files; i++) closeSync(openSync(join(root, `file-${i}`), 'w'));
  const { turns, usage } = countTurns();
  expect(usage).toMatchObject({ inodes: files + 1, bytes: truth().bytes });
  expect(turns).toBe(Math.floor((files + 1) / STEPS_A_TURN));
}, 60_000);

test.each([
  ['side by side', () => fill(5000, (path) => mkdirSync(`${path}-d`), false)],
  ['in one another', () => nest(5000)],
])('a turn is for empty directories %s, too', (_, make) => {
  make();
  const { turns, usage } = countTurns();
  expect(usage?.inodes).toBe(5001);
  // Each is found, entered and left.
  expect(turns).toBeGreaterThanOrEqual(Math.floor((3 * 5000) / STEPS_A_TURN));
});

test.each([
  ['entries', { entries: 50 }, () => fill(51)],
  ['depth', { depth: 20 }, () => nest(20)],
  ['links', { links: 3 }, () => fill(4, (path) => linkSync(path, `${path}-2`))],
  ['waiting', { waiting: 20 }, () => fill(21, (path) => mkdirSync(`${path}-d`))],
])('a tree over the bound of %s is left, with all that is open', (name, bound, make) => {
  make();
  const before = openFiles();
  expect(() => measure({ ...HUGE, ...bound })).toThrow(TreeBoundError);
  expect(openFiles()).toBe(before);
  const [[, most]] = Object.entries(bound) as [[string, number]];
  const enough = name === 'waiting' ? most * 20 : most + 1;
  expect(measure({ ...HUGE, [name]: enough })).toMatchObject(truth());
});

test('what grows, is deleted, or deleted but open, counts from the next walk on', () => {
  writeFileSync(join(root, 'log'), Buffer.alloc(10_000));
  const before = measure() as TreeUsage;
  appendFileSync(join(root, 'log'), Buffer.alloc(1_000_000));
  const grown = measure() as TreeUsage;
  expect(grown).toMatchObject(truth());
  expect(grown.bytes - before.bytes).toBeGreaterThan(990_000);
  // Like du, a walk does not see what has no name; its blocks are free only when it is closed.
  const held = openSync(join(root, 'log'), 'r');
  rmSync(join(root, 'log'));
  expect(measure()).toMatchObject(truth());
  expect(measure()?.inodes).toBe(before.inodes - 1);
  closeSync(held);
});

test('a tree that vanishes is no figure; what vanishes in it is left out', () => {
  for (let i = 0; i < 200; i++) mkdirSync(join(root, `${i}/below`), { recursive: true });
  const walk = measureTree(root);
  walk.next();
  for (let i = 0; i < 100; i++) rmSync(join(root, `${i}`), { recursive: true });
  const before = openFiles();
  expect(finish(walk)?.inodes).toBeGreaterThanOrEqual(201);
  const second = measureTree(root);
  second.next();
  rmSync(root, { recursive: true });
  expect(finish(second)).toBeUndefined();
  expect(openFiles()).toBeLessThan(before);
});

test('a directory that becomes a link leads nowhere', () => {
  for (let i = 0; i < 100; i++) mkdirSync(join(root, `dir-${i}/below`), { recursive: true });
  const walk = measureTree(root);
  walk.next();
  for (let i = 0; i < 100; i++) {
    rmSync(join(root, `dir-${i}`), { recursive: true });
    symlinkSync('/usr', join(root, `dir-${i}`));
  }
  expect(finish(walk)?.inodes).toBeLessThanOrEqual(101);
});

test('directories that are moved under a deep walk end it, for the way back leads elsewhere', () => {
  nest(100);
  const deep = join(root, 'd/'.repeat(30));
  const walk = measureTree(root);
  walk.next();
  const moved = join(tmpdir(), `sandgauge-moved-${process.pid}`);
  const before = openFiles();
  renameSync(join(deep, 'd'), moved);
  try {
    expect(() => finish(walk)).toThrow('moved');
    expect(openFiles()).toBeLessThan(before);
  } finally {
    rmSync(moved, { recursive: true });
  }
});

test('a walk that is given up closes what it had open', () => {
  nest(200);
  const before = openFiles();
  const walk = measureTree(root);
  walk.next();
  expect(openFiles()).toBeGreaterThan(before);
  walk.return(undefined);
  expect(openFiles()).toBe(before);
});

const isRoot = process.getuid?.() === 0;
const SCRIPT = `
  import { measureTree } from '${join(import.meta.dirname, '../../../src/platform/disk/tree-usage.ts')}';
  const walk = measureTree(process.argv[1]);
  let step;
  do step = walk.next(); while (!step.done);
  console.log(JSON.stringify(step.value));
`;

test.runIf(isRoot)('what is mounted in the tree is another device, and is left out', () => {
  mkdirSync(join(root, 'mount'));
  writeFileSync(join(root, 'file'), 'content');
  const mount = `mount -t tmpfs sandgauge '${root}/mount' && echo x > '${root}/mount/other'`;
  const command = `${mount} && exec "$@"`;
  const node = [process.execPath, '--input-type=module', '-e', SCRIPT, root];
  const output = execFileSync('unshare', ['-m', 'sh', '-c', command, 'sh', ...node], {
    encoding: 'utf8',
  });
  // The directory below the mount cannot be seen: neither du nor the walk counts it.
  expect(JSON.parse(output)).toMatchObject({ inodes: 2 });
});

test.runIf(isRoot)('a directory that may not be read is an error, not a part of the figure', () => {
  mkdirSync(join(root, 'closed'), { mode: 0o700 });
  writeFileSync(join(root, 'closed/file'), 'content');
  execFileSync('chmod', ['755', root]);
  // Root without the capability to read all.
  const node = [process.execPath, '--input-type=module', '-e', SCRIPT, root];
  const drop = ['--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all'];
  execFileSync('chown', ['65534', join(root, 'closed')]);
  const { status, stderr } = spawnSync('setpriv', [...drop, ...node], { encoding: 'utf8' });
  expect(status).not.toBe(0);
  expect(stderr).toContain('EACCES');
});

function finish(walk: ReturnType<typeof measureTree>): TreeUsage | undefined {
  for (let step = walk.next(); ; step = walk.next()) if (step.done) return step.value;
}

function countTurns(): { turns: number; usage: TreeUsage | undefined } {
  const walk = measureTree(root);
  for (let turns = 0; ; turns++) {
    const step = walk.next();
    if (step.done) return { turns, usage: step.value };
  }
}

function fill(count: number, also: (path: string) => void = () => {}, isFile = true): void {
  for (let i = 0; i < count; i++) {
    const path = join(root, `file-${i}`);
    if (isFile) writeFileSync(path, '');
    also(path);
  }
}

/** Directories named `d` in one another, deeper than a path may be long. */
function nest(levels: number): void {
  const flags = 'r';
  let fd = openSync(root, flags);
  for (let i = 0; i < levels; i++) {
    mkdirSync(`/proc/self/fd/${fd}/d`);
    const below = openSync(`/proc/self/fd/${fd}/d`, flags);
    closeSync(fd);
    fd = below;
  }
  closeSync(fd);
}
