import { expect, test } from 'vitest';
import { findFaults, readSources } from './imports.ts';

const sources = readSources();

function faultsWith(file: string, text: string): string[] {
  return findFaults(new Map([...sources, [file, text]]));
}

test('the sources keep to their floors', () => {
  expect(sources.size).toBeGreaterThan(50);
  expect(findFaults(sources)).toEqual([]);
});

test.each([
  ['an import up', 'pdata/x.ts', "import { gauge } from '../catalog/metric.ts';"],
  ['a type import up', 'workload/x.ts', "import type { A } from '../helper/watch-directories.ts';"],
  ['a lazy import up', 'helper/x.ts', "await import('../service/graph.ts');"],
  ['a component that imports another', 'receivers/cgroup/x.ts', "import '../runsc/y.ts';"],
  ['across component kinds', 'exporters/debug/x.ts', "import '../../receivers/cgroup/tree.ts';"],
  ['a platform that imports another', 'platform/procfs/x.ts', "import '../cgroupfs/cpu.ts';"],
  ['a platform that imports a file of none', 'platform/procfs/x.ts', "import '../x.ts';"],
  ['a neighbour on the floor', 'catalog/x.ts', "import '../confmap/codecs.ts';"],
  ['out of src', 'cli/x.ts', "import '../../tools/bench.ts';"],
  ['a folder without a floor', 'common/x.ts', "import '../errors.ts';"],
  ['a barrel', 'pdata/x.ts', "export * from './point.ts';"],
  ['a barrel by name', 'pdata/x.ts', "export { isEnded } from './point.ts';"],
])('a planted fault is found: %s', (_, file, text) => {
  expect(faultsWith(file, text)).toEqual([expect.stringContaining(file)]);
});

test('a planted cycle is found', () => {
  const planted = new Map([
    ...sources,
    ['pdata/a.ts', "import './b.ts';"],
    ['pdata/b.ts', "import './a.ts';"],
  ]);
  expect(findFaults(planted).join()).toContain('cycle');
});
