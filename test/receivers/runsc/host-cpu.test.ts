import { afterAll, expect, test } from 'vitest';
import { parseOciSpec } from '../../../src/platform/oci/spec.ts';
import { createHostCpu } from '../../../src/receivers/runsc/host-cpu.ts';
import type { ContainerState } from '../../../src/receivers/runsc/state.ts';
import { makeKernelFiles } from '../../platform/kernel-files.ts';
import { cgroupOf, podSlice, type StateOptions, stateOf } from '../../support/runsc/states.ts';

const ID = '5'.repeat(64);
const POD = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
const SANDBOX: StateOptions = { id: ID, sandboxId: ID, pid: 7, podUid: POD, driver: 'systemd' };
const PATH = cgroupOf(SANDBOX);
const SLICE = podSlice(POD).path;

const root = makeKernelFiles();
afterAll(() => root.remove());
root.write(`cgroup${PATH}/cpu.stat`, 'usage_usec 7000000\n');
root.write(`cgroup${SLICE}/cpu.stat`, 'usage_usec 9000000\n');
root.write('cgroup/cpu.stat', 'usage_usec 99000000\n');

function createReader(line: string) {
  root.write('7/cgroup', `${line}\n`);
  const mount = { version: 2, directory: `${root.path}/cgroup` } as const;
  const { spec } = stateOf(SANDBOX) as { spec: object };
  const state: ContainerState = {
    ...{ containerId: ID, sandboxId: ID, sandboxPid: 7, createdMillis: 0 },
    ...{ controlSocketPath: undefined, spec: parseOciSpec(spec) },
  };
  const cpu = createHostCpu({ controller: () => mount }, root.path, root.files);
  return { nanos: () => cpu.read(state), isNode: () => cpu.isOfNode(state) };
}

test.each([
  ['its own cgroup', `0::${PATH}`, 7e9],
  ["the pod's, by an annotation", `0::${SLICE}`, 9e9],
  // An agent in a pod has a cgroup namespace of its own: cgroup_namespaces(7).
  ['its own, seen from another pod', `0::/../..${PATH.replace('/kubepods.slice', '')}`, 7e9],
  ['its own, seen from a slice of the system', `0::/../../..${PATH}`, 7e9],
  ["the pod's, seen from another pod", `0::/../../${podSlice(POD).unit}`, 9e9],
  ["a stranger's, seen from another pod", '0::/../../other.scope', undefined],
  ['the root', '0::/', undefined],
  ['the root, seen from a pod', '0::/../../..', undefined],
])('a sandbox in %s', (_, line, nanos) => {
  expect(createReader(line).nanos()).toBe(nanos);
});

test('the root alone is the node', () => {
  const lines = ['0::/', '0::/../../..', `0::${PATH}`, `0::/../..${PATH}`, '1:cpu:/'];
  expect(lines.map((line) => createReader(line).isNode())).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
