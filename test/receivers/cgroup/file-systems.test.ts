import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogOnce } from '../../../src/helper/log-once.ts';
import type { AskedCapacity } from '../../../src/platform/disk/capacity.ts';
import { createFileSystems, type FileSystems } from '../../../src/receivers/cgroup/file-systems.ts';
import { type FakeRoot, makeRoot } from '../../support/bundles.ts';

let root: FakeRoot;
let log: string[];
let failures: number;
let answers: Record<string, number | Error>;
let asked: string[];
let fileSystems: FileSystems;

// Disks that die, and other devices, cannot be had here: the answers are a double's.
beforeEach(() => {
  root = makeRoot();
  log = [];
  failures = 0;
  answers = {};
  asked = [];
  const say = (message: string) => log.push(message);
  fileSystems = createFileSystems(
    { root: '/', resolve: (path) => `${root.path}${path}` },
    createLogOnce({ debug() {}, info: say, warn: say, error: say }),
    () => failures++,
    {
      async read(path): Promise<AskedCapacity> {
        asked.push(path);
        const answer = answers[path] ?? Object.assign(new Error('none'), { code: 'ENOENT' });
        if (answer instanceof Error) throw answer;
        return { dev: answer, totalBytes: 10, usedBytes: 5, inodes: 4, freeInodes: 3 };
      },
    },
  );
});
afterEach(() => root.remove());

function mount(...lines: readonly string[]): void {
  const text = lines.map((line, i) => {
    const [device, mountpoint, type, source] = line.split(' ');
    return `${i} 1 ${device} / ${mountpoint} rw - ${type} ${source} rw\n`;
  });
  root.write('proc/1/mountinfo', text.join(''));
}

async function devices(): Promise<string[]> {
  return [...(await fileSystems.read()).keys()];
}

test('each device once, by a mount that shows it', async () => {
  // The first mount of sdb is hidden by another: what stands there is of sda.
  mount(
    '8:1 / ext4 /dev/sda1',
    '8:1 /etc/hosts ext4 /dev/sda1',
    '8:16 /hidden xfs /dev/sdb',
    '8:16 /data xfs /dev/sdb',
    '0:30 /pool btrfs /dev/sdc',
    '8:48 /not-seen ext4 /dev/sdd',
  );
  answers = { '/': 0x801, '/etc/hosts': 0x801, '/hidden': 0x801, '/data': 0x810, '/pool': 0x99 };
  expect(await devices()).toEqual(['/dev/sda1', '/dev/sdb', '/dev/sdc']);
  expect(asked).toEqual(['/', '/hidden', '/data', '/pool', '/not-seen']);
  expect(log).toEqual([]);
});

test('of hundreds of hidden mounts four are tried', async () => {
  mount(...Array.from({ length: 300 }, (_, i) => `8:16 /hidden-${i} xfs /dev/sdb`));
  expect(await devices()).toEqual([]);
  expect(asked).toHaveLength(4);
});

test('one that hangs is left out and said once, the others stay, and its end is said', async () => {
  mount('8:1 / ext4 /dev/sda1', '8:16 /data xfs /dev/sdb', '0:22 /run tmpfs tmpfs');
  answers = { '/': 0x801, '/data': new Error('it did not answer'), '/run': 22 };
  for (let i = 0; i < 3; i++) expect(await devices()).toEqual(['/dev/sda1', '/run']);
  expect(log).toEqual(['File system does not tell its size; its rows are absent']);
  expect(failures).toBe(3);
  answers['/data'] = 0x810;
  expect(await devices()).toEqual(['/dev/sda1', '/dev/sdb', '/run']);
  expect(log).toHaveLength(2);
  // One that is unmounted in its trouble is forgotten, and says so anew when it comes again.
  for (const round of [3, 4]) {
    answers['/data'] = new Error('EIO');
    await devices();
    expect(log).toHaveLength(round);
    mount('8:1 / ext4 /dev/sda1');
    expect(await devices()).toEqual(['/dev/sda1']);
    mount('8:1 / ext4 /dev/sda1', '8:16 /data xfs /dev/sdb');
  }
});
