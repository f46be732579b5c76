import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readCgroupPath } from '../../src/platform/cgroupfs/process-cgroup.ts';
import { createRootedPaths } from '../../src/platform/file/rooted.ts';
import { createDiskTimes } from '../../src/platform/procfs/disk-times.ts';
import { parseMountedDevices, readDisks } from '../../src/platform/procfs/disks.ts';
import {
  readHost,
  readOomKills,
  readProcessStart,
  readSwapUsed,
  readThreads,
} from '../../src/platform/procfs/host.ts';
import { readInterfaces } from '../../src/platform/procfs/network.ts';
import { readMaxOpenFiles } from '../../src/platform/procfs/process.ts';
import { makeRoot } from '../support/bundles.ts';
import { captured, fuzz } from './fuzz.ts';
import { checkFigures } from './leaving.ts';
import { createMemoryFiles } from './memory-files.ts';

const files = createMemoryFiles();
const root = makeRoot();
afterAll(() => root.remove());

test('net/dev', () => {
  fuzz({
    share: 60,
    seeds: captured('proc/*/net/dev', 12),
    run(input) {
      files.contents.set('dev', input);
      const found = readInterfaces('/proc/7/net/dev', files);
      const names = new Set(found.map(({ name }) => name));
      if (names.size !== found.length) throw new Error('a name stands twice');
      for (const each of found.slice(0, 100)) checkFigures(each);
    },
  });
});

test('diskstats, and times that wrap around', () => {
  const times = createDiskTimes();
  fuzz({
    share: 40,
    seeds: captured('proc/diskstats', 6),
    run(input) {
      files.contents.set('diskstats', input);
      for (const each of times.unwrap(readDisks('/proc/diskstats', files)).slice(0, 100)) {
        checkFigures(each);
      }
    },
  });
});

test('cgroup, limits and mounts of a process', () => {
  const seeds = [
    ...captured('proc/*/cgroup', 6),
    ...captured('proc/*/limits', 6),
    ...captured('proc/*/mountinfo', 3),
  ];
  fuzz({
    share: 30,
    seeds,
    run(input) {
      for (const name of ['cgroup', 'limits']) files.contents.set(name, input);
      for (const version of [1, 2] as const) {
        const mount = { version, directory: root.path };
        const path = readCgroupPath('/proc', 7, { controller: () => mount }, 'cpuacct', files);
        if (path?.includes('\n')) throw new Error('a path of two lines');
      }
      checkFigures({ max: readMaxOpenFiles('/proc', 7, files) });
      if (input.length > 70_000) return;
      const devices = parseMountedDevices(input.toString());
      if (devices.some(({ source }) => !source.startsWith('/dev/'))) throw new Error('no device');
    },
  });
});

test('the files of the host', () => {
  const paths = createRootedPaths(root.path);
  const names = ['stat', 'meminfo', 'vmstat', 'loadavg', '7/stat'];
  const seeds = ['stat', 'meminfo', 'vmstat', 'loadavg', '[0-9]*/stat'].map((name) =>
    captured(`proc/${name}`, 4),
  );
  mkdirSync(join(root.path, 'proc/7'), { recursive: true });
  fuzz({
    share: 5,
    seeds: seeds.flat(),
    run(input, random) {
      writeFileSync(join(root.path, 'proc', names[random(names.length)] as string), input);
      const host = readHost(paths);
      checkFigures(host);
      for (const read of [readSwapUsed, readOomKills, readThreads]) read(paths);
      const { bootMillis } = host;
      const start = readProcessStart(paths, 7, bootMillis ?? 0);
      for (const time of [bootMillis, start]) {
        if (time !== undefined && Number.isNaN(new Date(time).getTime()))
          throw new Error('no time');
      }
    },
  });
  expect(readHost(createRootedPaths('/')).cores).toBeGreaterThan(0);
});
