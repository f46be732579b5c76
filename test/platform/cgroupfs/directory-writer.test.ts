import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  isRemovable,
  makeCgroup,
  removeCgroup,
  withCgroup,
} from '../../../src/platform/cgroupfs/directory-writer.ts';

let mount: string;
beforeEach(() => {
  mount = mkdtempSync(join(tmpdir(), 'sandgauge-writer-'));
  mkdirSync(join(mount, 'pod.slice'));
});
afterEach(() => rmSync(mount, { recursive: true }));

const SCOPE = '/pod.slice/cri-containerd-a.scope';
const codeOf = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  }
  return 'none';
};

test('makes one directory with the mark, once', () => {
  expect(makeCgroup(mount, SCOPE)).toBe(true);
  expect(statSync(join(mount, SCOPE)).mode & 0o1777).toBe(0o1755);
  expect(withCgroup(mount, SCOPE, ({ isMarked }) => isMarked)).toBe(true);
  expect(makeCgroup(mount, SCOPE)).toBe(false);
  expect(readdirSync(mount)).toEqual(['pod.slice']);
});

test('makes no parents and no slice', () => {
  expect(codeOf(() => makeCgroup(mount, '/gone.slice/a.scope'))).toBe('ENOENT');
  expect(codeOf(() => makeCgroup(mount, '/pod.slice/pod-a.slice'))).toMatch(/is a slice/);
  expect(readdirSync(mount)).toEqual(['pod.slice']);
  expect(readdirSync(join(mount, 'pod.slice'))).toEqual([]);
});

test.each(['a.scope', '/../a.scope', '/pod.slice/..', '/pod.slice//a', '/.a', '/-a', '/a\nb', '/'])(
  'takes no other path than a cgroup has: %j',
  (path) => {
    mkdirSync(join(mount, 'a.scope'));
    expect(codeOf(() => makeCgroup(mount, path))).not.toBe('none');
    expect(readdirSync(mount).sort()).toEqual(['a.scope', 'pod.slice']);
  },
);

test('follows no link, as the directory and as a parent', () => {
  const elsewhere = join(mount, 'elsewhere');
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, join(mount, 'link.slice'));
  symlinkSync(elsewhere, join(mount, SCOPE));
  expect(codeOf(() => makeCgroup(mount, '/link.slice/a.scope'))).toBe('ENOTDIR');
  expect(makeCgroup(mount, SCOPE)).toBe(false);
  expect(withCgroup(mount, SCOPE, () => true)).toBeUndefined();
  expect(withCgroup(mount, '/link.slice', () => true)).toBeUndefined();
  expect(readdirSync(elsewhere)).toEqual([]);
});

test('writes to limits that are there, and makes no file', () => {
  makeCgroup(mount, SCOPE);
  const directory = join(mount, SCOPE);
  for (const file of ['memory.max', 'cgroup.procs', 'cgroup.subtree_control', 'notes']) {
    writeFileSync(join(directory, file), 'as it was\n');
  }
  symlinkSync(join(directory, 'notes'), join(directory, 'memory.low'));
  withCgroup(mount, SCOPE, (cgroup) => {
    cgroup.write('memory.max', '5');
    expect(cgroup.read('memory.max')?.text).toBe('5');
    expect(cgroup.read('memory.min')).toBeUndefined();
    expect(codeOf(() => cgroup.write('memory.min', '5'))).toBe('ENOENT');
    expect(codeOf(() => cgroup.write('memory.low', '5'))).toBe('ELOOP');
    const others = [
      'cgroup.procs',
      'cgroup.subtree_control',
      'memory.reclaim',
      'notes',
      '../notes',
    ];
    for (const file of others) {
      expect(
        codeOf(() => cgroup.write(file, '5')),
        file,
      ).toMatch(/holds no limit/);
    }
  });
  expect(existsSync(join(directory, 'memory.min'))).toBe(false);
  expect(readFileSync(join(directory, 'cgroup.procs'), 'utf8')).toBe('as it was\n');
});

test('removes what bears the mark and is empty, and nothing else', () => {
  const directory = join(mount, SCOPE);
  const remove = () => codeOf(() => removeCgroup(mount, SCOPE));
  expect([isRemovable(mount, SCOPE), remove()]).toEqual([undefined, 'none']);
  makeCgroup(mount, SCOPE);
  // What the kernel does not tell is taken for populated.
  expect([isRemovable(mount, SCOPE), remove()]).toEqual([false, 'none']);
  writeFileSync(join(directory, 'cgroup.events'), 'populated 1\nfrozen 0\n');
  expect([isRemovable(mount, SCOPE), remove()]).toEqual([false, 'none']);
  writeFileSync(join(directory, 'cgroup.events'), 'populated 0\nfrozen 0\n');
  withCgroup(mount, SCOPE, (cgroup) => cgroup.mark(false));
  expect([isRemovable(mount, SCOPE), remove()]).toEqual([false, 'none']);
  withCgroup(mount, SCOPE, (cgroup) => cgroup.mark(true));
  // Here files are files: rmdir(2) is all that is tried.
  expect([isRemovable(mount, SCOPE), remove()]).toEqual([true, 'ENOTEMPTY']);
  expect(existsSync(directory)).toBe(true);
});

test('without cgroup.events a process or a child populates it', () => {
  makeCgroup(mount, SCOPE);
  const procs = join(mount, SCOPE, 'cgroup.procs');
  const isPopulated = () => withCgroup(mount, SCOPE, (cgroup) => cgroup.isPopulated());
  writeFileSync(procs, '');
  expect(isPopulated()).toBe(false);
  writeFileSync(procs, '12\n');
  expect(isPopulated()).toBe(true);
  writeFileSync(procs, '');
  mkdirSync(join(mount, SCOPE, 'child'));
  expect(isPopulated()).toBe(true);
});
