import { afterEach, describe, expect, test } from 'vitest';
import { createClaims } from '../../../src/extensions/workload_observer/claims.ts';
import { parseCgroupPath } from '../../../src/workload/cgroup-path.ts';
import { cgroupOfPod, makePod } from '../../support/cri/node.ts';
import { byContainer, runCri, stopAll } from './running.ts';

afterEach(stopAll);

const CPU = 'container_cpu_usage_seconds_total';
const RUNC = 'io.containerd.runc.v2';

describe('for whom the receiver speaks when it is alone', () => {
  test.each<[string, string | undefined, string | undefined, boolean]>([
    ['Kata', 'io.containerd.kata.v2', undefined, true],
    ['Kata by another shim', 'io.containerd.kata-clh.v2', undefined, true],
    ['runc', RUNC, undefined, true],
    ['crun behind runc’s shim', RUNC, '/usr/bin/crun', true],
    ['gVisor', 'io.containerd.runsc.v1', undefined, false],
    ['gVisor behind runc’s shim', RUNC, '/usr/local/bin/runsc', false],
    ['a wrapper behind runc’s shim that may be anything', RUNC, '/opt/sandbox', false],
    ['a runtime that nobody tells', undefined, undefined, false],
    ['another shim', 'io.containerd.wasmtime.v1', undefined, false],
  ])('%s', async (_, shim, binary, speaks) => {
    const pod = makePod('1', shim);
    Object.assign(pod.containers[0] as object, { binary });
    const { double, observed } = await runCri([pod]);
    const rows = await observed.read();
    expect(byContainer(rows, CPU)).toEqual(speaks ? { 'app-1': 1.5 } : {});
    const ids = new Set(rows.map(({ labels }) => labels.id));
    expect([...ids].some((id) => id?.endsWith(pod.containers[0]?.id ?? ''))).toBe(speaks);
    if (shim !== undefined) expect(ids).toContain(cgroupOfPod(pod));
    // What is nobody's is not asked for.
    if (!speaks) expect(double.calls.get('ContainerStats')).toBeUndefined();
  });
});

test('where few containers are its own they are asked for one by one', async () => {
  const pods = Array.from({ length: 12 }, (_, i) =>
    makePod(`a${i}`, i < 2 ? 'io.containerd.kata.v2' : 'io.containerd.runsc.v1'),
  );
  const { double, observed } = await runCri(pods);
  expect(Object.keys(byContainer(await observed.read(), CPU)).sort()).toEqual(['app-a0', 'app-a1']);
  expect(double.calls.get('ListContainerStats')).toBeUndefined();
  expect(double.calls.get('ContainerStats')).toBe(2);
});

describe('beside other receivers', () => {
  const ID = 'ab'.repeat(32);
  const container = (runtime: 'runc' | 'kata' | 'runsc') =>
    ({ ...parseCgroupPath(`/docker/${ID}`), runtime }) as const;
  const POD = parseCgroupPath('/kubepods/pod16b4b963-ffee-4616-812c-a13ed94c0c7f');

  function claimsOf(voices: readonly ('cgroup' | 'cri' | 'kata' | 'runsc')[]) {
    const claims = createClaims(() => 0, 60_000);
    for (const voice of voices) claims.register(voice, voice === 'cgroup' ? ['runc'] : ['kata']);
    return claims;
  }

  test.each([
    ['runc', 'usage', ['cgroup', 'cri'], 'cgroup'],
    ['runc', 'usage', ['cri'], 'cri'],
    ['runc', 'network', ['cri'], 'cri'],
    ['kata', 'usage', ['cgroup', 'kata', 'cri'], 'cri'],
    ['kata', 'network', ['cgroup', 'kata', 'cri'], 'kata'],
    ['kata', 'network', ['cgroup', 'cri'], 'cri'],
    ['kata', 'spec', ['cgroup', 'cri'], 'cri'],
    ['runsc', 'usage', ['cri'], undefined],
    ['runsc', 'disk', ['cgroup', 'cri'], undefined],
  ] as const)('%s %s of %j is the word of %s', (runtime, group, voices, speaker) => {
    const claims = claimsOf(voices);
    const workload = container(runtime);
    claims.announce(workload);
    const granted = voices.filter((voice) => claims.claim(voice, workload, group) === 'granted');
    expect(granted).toEqual(speaker === undefined ? [] : [speaker]);
  });

  test.each([
    [['cgroup', 'cri'], 'cgroup'],
    [['cri'], 'cri'],
  ] as const)('the pod’s own row with %j is the word of %s', (voices, speaker) => {
    const claims = claimsOf(voices);
    claims.announce(POD);
    const granted = voices.filter((voice) => claims.claim(voice, POD, 'usage') === 'granted');
    expect(granted).toEqual([speaker]);
  });
});
