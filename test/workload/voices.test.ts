import { expect, test } from 'vitest';
import { createClaims } from '../../src/extensions/workload_observer/claims.ts';
import { parseCgroupPath } from '../../src/workload/cgroup-path.ts';
import type { MetricGroup, Voice } from '../../src/workload/voices.ts';
import { RUNTIMES, type Workload } from '../../src/workload/workload.ts';

const ALL: readonly Voice[] = ['cgroup', 'runsc', 'cri', 'kata', 'libvirt'];
const GROUPS: readonly MetricGroup[] = ['usage', 'network', 'disk_io', 'disk', 'spec'];
const CONTAINER = parseCgroupPath(`/docker/${'ab'.repeat(32)}`);
const POD = parseCgroupPath('/kubepods/pod16b4b963-ffee-4616-812c-a13ed94c0c7f');

/** Who of the configured receivers is let speak when all of them ask, in this order. */
function speakers(configured: readonly Voice[], workload: Workload, group: MetricGroup): Voice[] {
  const claims = createClaims(() => 0, 0);
  for (const voice of configured) claims.register(voice, []);
  claims.announce(workload);
  return configured.filter((voice) => claims.claim(voice, workload, group) === 'granted');
}

test.each([
  ['runc', ['cgroup', 'cgroup', 'cgroup', 'cgroup', 'cgroup']],
  ['runsc', ['runsc', 'runsc', undefined, 'runsc', 'runsc']],
  ['kata', ['cri', 'kata', 'cri', 'cri', 'kata']],
  ['libvirt', ['libvirt', 'libvirt', 'libvirt', 'libvirt', 'libvirt']],
] as const)('with every receiver, one speaks for each group of a %s container', (runtime, told) => {
  const workload = { ...CONTAINER, runtime };
  expect(GROUPS.map((group) => speakers(ALL, workload, group)[0])).toEqual(told);
});

test('a pod has its cgroup, or the engine where no receiver reads that; never a network', () => {
  expect(GROUPS.map((group) => speakers(ALL, POD, group)[0])).toEqual([
    ...['cgroup', undefined, 'cgroup', undefined, 'cgroup'],
  ]);
  expect(GROUPS.map((group) => speakers(['cri'], POD, group)[0])).toEqual([
    ...['cri', undefined, undefined, undefined, undefined],
  ]);
});

test('who stands in: the guest for the engine, limits from anywhere, nobody for gVisor', () => {
  const of = (configured: readonly Voice[], runtime: Workload['runtime'], group: MetricGroup) =>
    speakers(configured, { ...CONTAINER, runtime }, group);
  expect(of(['cri'], 'runc', 'network')).toEqual(['cri']);
  expect(of(['kata', 'cgroup'], 'kata', 'usage')).toEqual(['kata']);
  expect(of(['cri', 'cgroup'], 'kata', 'network')).toEqual(['cri']);
  expect(of(['cgroup'], 'kata', 'spec')).toEqual(['cgroup']);
  expect(of(['cgroup', 'cri'], 'kata', 'spec')).toEqual(['cri']);
  expect(of(['cgroup'], 'runsc', 'spec')).toEqual(['cgroup']);
  expect(of(['cgroup', 'cri', 'kata'], 'runsc', 'usage')).toEqual([]);
});

test('whichever receivers there are, and whoever asks first, nothing is told twice', () => {
  for (let chosen = 0; chosen < 2 ** ALL.length; chosen++) {
    const configured = ALL.filter((_, i) => chosen & (1 << i));
    for (const order of [configured, configured.toReversed()]) {
      for (const workload of [POD, ...RUNTIMES.map((runtime) => ({ ...CONTAINER, runtime }))]) {
        for (const group of GROUPS) {
          const told = speakers(order, workload, group);
          expect(told.length).toBeLessThanOrEqual(1);
          expect(told).toEqual(speakers(order.toReversed(), workload, group));
        }
      }
    }
  }
});
