import { expect, test } from 'vitest';
import {
  cgroupPathOf,
  isKubepods,
  overheadSandboxOf,
  parseCgroupPath,
  sandboxOf,
} from '../../src/workload/cgroup-path.ts';

const ID = 'ab'.repeat(32);
const UID = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
const SLICE = `kubepods-burstable-pod${UID.replaceAll('-', '_')}.slice`;
const SYSTEMD = `/kubepods.slice/kubepods-burstable.slice/${SLICE}`;

test.each([
  ['/', { kind: 'node' }],
  ['/kubepods.slice', { kind: 'slice' }],
  ['/kubepods.slice/kubepods-besteffort.slice', { kind: 'slice' }],
  ['/kubepods/burstable', { kind: 'slice' }],
  [SYSTEMD, { kind: 'pod', podUid: UID }],
  [`/kubepods.slice/kubepods-pod${UID.replaceAll('-', '_')}.slice`, { kind: 'pod', podUid: UID }],
  [`/kubepods/burstable/pod${UID}`, { kind: 'pod', podUid: UID }],
  [
    '/kubepods/pod0123456789abcdef0123456789abcdef',
    { kind: 'pod', podUid: '0123456789abcdef0123456789abcdef' },
  ],
  [
    `${SYSTEMD}/cri-containerd-${ID}.scope`,
    { kind: 'container', engine: 'containerd', containerId: ID, podUid: UID },
  ],
  [`${SYSTEMD}/crio-${ID}.scope`, { kind: 'container', engine: 'cri-o', podUid: UID }],
  [
    `/kubepods/pod${UID}/${ID}`,
    { kind: 'container', engine: undefined, containerId: ID, podUid: UID },
  ],
  [`/system.slice/docker-${ID}.scope`, { kind: 'container', engine: 'docker', podUid: undefined }],
  [`/docker/${ID}`, { kind: 'container', engine: 'docker' }],
  [`/machine.slice/libpod-${ID}.scope`, { kind: 'container', engine: 'podman' }],
  [`${SYSTEMD}/crio-conmon-${ID}.scope`, { kind: 'cgroup', containerId: undefined }],
  [`${SYSTEMD}/cri-containerd-${ID.slice(1)}.scope`, { kind: 'cgroup' }],
  [`/user.slice/${ID}`, { kind: 'cgroup' }],
  ['/system.slice/kubelet.service', { kind: 'cgroup' }],
])('%s', (path, expected) => {
  expect(parseCgroupPath(path)).toMatchObject({ id: path, ...expected });
});

test.each([
  ['/kubepods.slice', true],
  ['/kubepods', true],
  ['/kubelet/kubepods', true],
  ['/kubelet.slice/kubelet-kubepods.slice', true],
  ['/kubepods.slice/x', false],
  ['/system.slice', false],
])('%s is the top of the kubelet tree: %s', (path, expected) => {
  expect(isKubepods(path)).toBe(expected);
});

test.each([
  ['/kubepods/burstable/pod1/abc', '/kubepods/burstable/pod1/abc'],
  [`${SLICE}:cri-containerd:abc`, `${SYSTEMD}/cri-containerd-abc.scope`],
  ['system.slice:docker:abc', '/system.slice/docker-abc.scope'],
  [':docker:abc', '/system.slice/docker-abc.scope'],
  ['docker/abc', '/docker/abc'],
  [undefined, '/abc'],
])('an OCI spec that asks for %s gets %s', (asked, path) => {
  expect(cgroupPathOf(asked, 'abc')).toBe(path);
});

test.each([
  [`/kata_overhead/${ID}`, ID],
  [`/kata.slice/kata-overhead.slice/runtime-rs-${ID}.scope`, ID],
  [`/kata_overhead/${ID}/vcpu0`, undefined],
  [`/kubepods/pod${UID}/kata_overhead/${ID}`, undefined],
  ['/kata_overhead', undefined],
])('%s is the overhead of %s', (path, id) => {
  expect(overheadSandboxOf(path)).toBe(id);
});

test.each([
  [`kata_${ID}`, ID],
  [`kata_crio-${ID}`, ID],
  [ID, ID],
  [`cri-containerd-${ID}.scope`, ID],
  [`crio-conmon-${ID}.scope`, undefined],
  [`kata_${ID.slice(1)}`, undefined],
])('%s in a pod bears %s', (name, id) => {
  expect(sandboxOf(`/kubepods/pod${UID}/${name}`)).toBe(id);
});
