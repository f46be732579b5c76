import { test } from 'vitest';
import { openIoV1 } from '../../src/platform/cgroupfs/blkio.ts';
import { openCpuV1, openCpuV2 } from '../../src/platform/cgroupfs/cpu.ts';
import { parseHierarchies } from '../../src/platform/cgroupfs/hierarchies.ts';
import { openIoV2 } from '../../src/platform/cgroupfs/io.ts';
import { openLimitsV1, openLimitsV2 } from '../../src/platform/cgroupfs/limits.ts';
import { openMemoryV1, openMemoryV2 } from '../../src/platform/cgroupfs/memory.ts';
import { openPopulation } from '../../src/platform/cgroupfs/population.ts';
import { openPressure } from '../../src/platform/cgroupfs/pressure.ts';
import { openProcesses } from '../../src/platform/cgroupfs/processes.ts';
import { specOf } from '../../src/workload/spec.ts';
import { captured, fuzz } from './fuzz.ts';
import { checkFigures } from './leaving.ts';
import { createMemoryFiles } from './memory-files.ts';

const files = createMemoryFiles();
const LIMITS = { cpu: '/c', memory: '/c' };
const HOST_MEMORY = 4e9;
let pass = 0;

/** A reader and its files: one of them is mutated, the others are as captured. */
const READERS: readonly (readonly [name: string, files: readonly string[], read: () => object])[] =
  [
    ['cpu, v2', ['cpu.stat', 'cpu.max'], () => openCpuV2('/c', files).read()],
    [
      'cpu, v1',
      ['cpuacct.usage', 'cpuacct.stat', 'cpu.stat', 'cpu.cfs_quota_us'],
      () => openCpuV1('/c', '/c', files).read(),
    ],
    [
      'memory, v2',
      ['memory.stat', 'memory.current', 'memory.peak', 'memory.events', 'memory.swap.current'],
      () => checkedMemory(openMemoryV2('/c', files, pass % 2 === 0 ? undefined : () => 7).read()),
    ],
    [
      'memory, v1',
      ['memory.stat', 'memory.usage_in_bytes', 'memory.oom_control', 'memory.use_hierarchy'],
      () => checkedMemory(openMemoryV1('/c', files).read()),
    ],
    [
      'limits, v2',
      ['cpu.max', 'cpu.weight', 'memory.max', 'memory.swap.max', 'memory.low', 'memory.min'],
      () => specOf(sources(openLimitsV2(LIMITS, files).read(), 2)),
    ],
    [
      'limits, v1',
      ['cpu.cfs_period_us', 'cpu.cfs_quota_us', 'cpu.shares', 'memory.limit_in_bytes'],
      () => specOf(sources(openLimitsV1(LIMITS, files).read(), 1)),
    ],
    ['pressure', ['memory.pressure'], () => openPressure('/c/memory.pressure', files).read()],
    ['population', ['cgroup.events'], () => ({ is: Number(openPopulation('/c', files).read()) })],
    [
      'processes',
      ['cgroup.procs'],
      () => ({ last: openProcesses('/c', files, 2).read(++pass).at(-1) }),
    ],
  ];

test.each(READERS)('%s', (_, names, read) => {
  const seeds = names.map((name) => captured(name));
  const all = seeds.flat();
  fuzz({
    share: 40,
    seeds: all,
    run(input, random) {
      pass++;
      for (const [i, name] of names.entries()) {
        const own = seeds[i] ?? [];
        files.contents.set(name, own[random(own.length || 1)] ?? Buffer.alloc(0));
      }
      const spoilt = names[random(names.length)] as string;
      if (random(50) === 0) files.contents.delete(spoilt);
      else files.contents.set(spoilt, input);
      checkFigures(read());
    },
  });
});

test.each([
  ['io.stat, v2', 'io.stat', () => openIoV2('/c', files).read()],
  ['blkio, v1', 'blkio.throttle.io_service_bytes', () => openIoV1('/c', files).read()],
] as const)('%s', (_, name, read) => {
  fuzz({
    share: 40,
    seeds: captured(name),
    run(input) {
      files.contents.clear();
      files.contents.set(name, input);
      const devices = read() ?? [];
      if (devices.length > input.length) throw new Error(`${devices.length} devices`);
      for (const device of devices) {
        checkFigures(device);
        if (!Number.isFinite(device.major + device.minor))
          throw new Error('a device has no number');
      }
    },
  });
});

test('mountinfo', () => {
  const paths = { root: '/', resolve: (path: string) => path };
  fuzz({
    share: 5,
    seeds: captured('proc/*/mountinfo', 6),
    run(input) {
      const { controller } = parseHierarchies(input.toString(), paths);
      for (const name of ['cpu', 'memory', '', 'constructor']) {
        const { version = 1 } = controller(name) ?? {};
        if (version !== 1 && version !== 2) throw new Error(`version ${version}`);
      }
    },
  });
});

function sources(kernel: Parameters<typeof specOf>[0]['kernel'], version: 1 | 2) {
  return { oci: undefined, kernel, version, hostMemoryBytes: HOST_MEMORY };
}

/** A working set is part of the usage. */
function checkedMemory(stats: ReturnType<ReturnType<typeof openMemoryV2>['read']>): object {
  const { usage = 0, workingSet } = stats;
  if (workingSet !== undefined && !(workingSet >= 0) && usage >= 0) throw new Error('negative');
  if (workingSet !== undefined && usage >= 0 && workingSet > usage) throw new Error('over usage');
  return stats;
}
