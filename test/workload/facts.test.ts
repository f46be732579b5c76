import { expect, test } from 'vitest';
import type { Bundle } from '../../src/platform/oci/bundle.ts';
import { parseOciSpec } from '../../src/platform/oci/spec.ts';
import { parseCgroupPath } from '../../src/workload/cgroup-path.ts';
import { factsOf } from '../../src/workload/facts.ts';
import { createIdentity } from '../../src/workload/identity.ts';
import { containerdAnnotations, crioAnnotations, ociConfig, type Who } from '../support/bundles.ts';

// As containerd 1.6 wrote them.
const SANDBOX = '67c5c1bf60b706d3e70f92c3b78f901dbc3ce6d1399a13584d4e7000c3f4b3a4';
const BURNER = '1abafaff0e0f4b76111c7842c37a935809e28c0fc9288070b374c7fd7c806d77';
const UID = '11111111-aaaa-bbbb-cccc-000000000001';
const CONTAINERD_CONTAINER = {
  'io.kubernetes.cri.container-name': 'burner',
  'io.kubernetes.cri.container-type': 'container',
  'io.kubernetes.cri.image-name': 'docker.io/library/scene:latest',
  'io.kubernetes.cri.sandbox-id': SANDBOX,
  'io.kubernetes.cri.sandbox-name': 'runc-pod',
  'io.kubernetes.cri.sandbox-namespace': 'default',
  'io.kubernetes.cri.sandbox-uid': UID,
};
const CONTAINERD_SANDBOX = {
  'io.kubernetes.cri.container-type': 'sandbox',
  'io.kubernetes.cri.sandbox-cpu-period': '100000',
  'io.kubernetes.cri.sandbox-id': SANDBOX,
  'io.kubernetes.cri.sandbox-log-directory': '/var/log/pods/runc-pod',
  'io.kubernetes.cri.sandbox-name': 'runc-pod',
  'io.kubernetes.cri.sandbox-namespace': 'default',
  'io.kubernetes.cri.sandbox-uid': UID,
};
const SLICE = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID.replaceAll('-', '_')}.slice`;

function bundleOf(id: string, config: object, more: Partial<Bundle> = {}): Bundle {
  const spec = parseOciSpec(config);
  const none = { runtime: undefined, name: undefined, image: undefined, labels: {} };
  return { id, ...none, ...more, spec } as Bundle;
}

function labelsOf(cgroup: string, bundle: Bundle): object {
  return createIdentity(parseCgroupPath(cgroup), factsOf(bundle).names);
}

test('containerd: the name is the container id', () => {
  const id = `${SLICE}/cri-containerd-${BURNER}.scope`;
  expect(labelsOf(id, bundleOf(BURNER, ociConfig(CONTAINERD_CONTAINER)))).toEqual({
    container: 'burner',
    id,
    image: 'docker.io/library/scene:latest',
    name: BURNER,
    namespace: 'default',
    pod: 'runc-pod',
  });
});

test('containerd: a sandbox has no container name; its image is the pause image, if told', () => {
  const id = `${SLICE}/cri-containerd-${SANDBOX}.scope`;
  const expected = { container: '', id, name: SANDBOX, namespace: 'default', pod: 'runc-pod' };
  const old = bundleOf(SANDBOX, ociConfig(CONTAINERD_SANDBOX));
  expect(labelsOf(id, old)).toEqual({ ...expected, image: '' });
  const image = 'registry.k8s.io/pause:3.10';
  const now = { ...CONTAINERD_SANDBOX, 'io.kubernetes.cri.podsandbox.image-name': image };
  expect(labelsOf(id, bundleOf(SANDBOX, ociConfig(now)))).toEqual({ ...expected, image });
  expect(factsOf(old)).toMatchObject({ isSandbox: true, sandboxId: SANDBOX, podUid: UID });
});

test('the slice of a pod has the names of its pod and of no container', () => {
  const bundle = bundleOf(BURNER, ociConfig(CONTAINERD_CONTAINER));
  const none = { container: '', image: '', name: '' };
  expect(labelsOf(SLICE, bundle)).toEqual({
    ...none,
    id: SLICE,
    namespace: 'default',
    pod: 'runc-pod',
  });
});

test('the labels stand in the order of the kubelet, none is ever missing', () => {
  const six = ['container', 'id', 'image', 'name', 'namespace', 'pod'];
  expect(Object.keys(createIdentity(parseCgroupPath('/')))).toEqual(six);
  expect(createIdentity(parseCgroupPath('/kubepods.slice'))).toEqual({
    ...Object.fromEntries(six.map((key) => [key, ''])),
    id: '/kubepods.slice',
  });
});

const CRIO: Who = {
  id: 'c'.repeat(64),
  podUid: '1c4ba176-f372-4ffa-8f86-1cc4a4be5b5f',
  pod: 'web-0',
  namespace: 'shop',
  container: 'nginx',
  image: 'docker.io/library/nginx:1.29',
};

test('CRI-O: the name is k8s_<container>_<pod>_<namespace>_<uid>_<attempt>', () => {
  const id = `${SLICE}/crio-${CRIO.id}.scope`;
  expect(labelsOf(id, bundleOf(CRIO.id, ociConfig(crioAnnotations(CRIO))))).toEqual({
    container: 'nginx',
    id,
    image: 'docker.io/library/nginx:1.29',
    name: 'k8s_nginx_web-0_shop_1c4ba176-f372-4ffa-8f86-1cc4a4be5b5f_0',
    namespace: 'shop',
    pod: 'web-0',
  });
});

test('CRI-O: a sandbox is POD', () => {
  const { container: _, image: __, ...sandbox } = CRIO;
  const { 'io.kubernetes.container.name': pod, ...annotations } = crioAnnotations(sandbox);
  expect(pod).toBe('POD');
  const facts = factsOf(bundleOf(CRIO.id, ociConfig(annotations)));
  expect(facts).toMatchObject({ isSandbox: true, sandboxId: CRIO.id, podUid: CRIO.podUid });
  expect(facts.names).toEqual({
    container: 'POD',
    image: 'registry.k8s.io/pause:3.10',
    name: 'k8s_POD_web-0_shop_1c4ba176-f372-4ffa-8f86-1cc4a4be5b5f_0',
    namespace: 'shop',
    pod: 'web-0',
  });
});

const DOCKER_ID = 'd'.repeat(64);
const LABELS = {
  'io.kubernetes.pod.name': 'web-0',
  'io.kubernetes.pod.namespace': 'shop',
  'io.kubernetes.pod.uid': UID,
};

test('Docker below cri-dockerd: the kubelet labels of a container and of the pause', () => {
  const name = `k8s_nginx_web-0_shop_${UID}_1`;
  const labels = {
    ...LABELS,
    'io.kubernetes.container.name': 'nginx',
    'io.kubernetes.docker.type': 'container',
    'io.kubernetes.sandbox.id': SANDBOX,
  };
  const image = 'nginx@sha256:0123';
  const facts = factsOf(bundleOf(DOCKER_ID, {}, { name, image, labels }));
  expect(facts.names).toEqual({
    container: 'nginx',
    image,
    name,
    namespace: 'shop',
    pod: 'web-0',
  });
  expect(facts).toMatchObject({ isSandbox: false, sandboxId: SANDBOX, podUid: UID });
  const pause = factsOf(
    bundleOf(
      SANDBOX,
      {},
      {
        name: `k8s_POD_web-0_shop_${UID}_0`,
        image: 'registry.k8s.io/pause:3.9',
        labels: { ...LABELS, 'io.kubernetes.docker.type': 'podsandbox' },
      },
    ),
  );
  expect(pause.names).toMatchObject({ container: 'POD', pod: 'web-0', namespace: 'shop' });
  expect(pause).toMatchObject({ isSandbox: true, sandboxId: SANDBOX });
});

test.each(['docker', 'podman'])('a container of %s alone has its name and image only', () => {
  const facts = factsOf(bundleOf(DOCKER_ID, {}, { name: 'my_redis', image: 'redis:8' }));
  expect(facts.names).toEqual({
    container: '',
    image: 'redis:8',
    name: 'my_redis',
    namespace: '',
    pod: '',
  });
  expect(facts).toMatchObject({ isSandbox: false, sandboxId: undefined, podUid: undefined });
});

test('a container that nobody named is called by its id', () => {
  expect(factsOf(bundleOf(DOCKER_ID, {})).names).toMatchObject({ name: DOCKER_ID, image: '' });
});

test.each([
  ['/usr/bin/containerd-shim-runc-v2', 'runc'],
  ['runc', 'runc'],
  ['crun', 'runc'],
  ['', 'runc'],
  ['/usr/local/bin/containerd-shim-runsc-v1', 'runsc'],
  ['/usr/local/bin/runsc /usr/bin/containerd-shim-runc-v2', 'runsc'],
  ['/opt/runsc-wrap /usr/bin/containerd-shim-runc-v2', 'runsc'],
  ['/opt/kata/bin/containerd-shim-kata-v2', 'kata'],
  ['kata-qemu', 'kata'],
  ['wasmtime', undefined],
  [undefined, undefined],
])('the runtime behind %j is %s', (runtime, expected) => {
  expect(factsOf(bundleOf(DOCKER_ID, {}, { runtime })).runtime).toBe(expected);
});

test.each([
  [[{ type: 'network', path: '/proc/3364/ns/net' }], 'joined'],
  [[{ type: 'network' }], 'own'],
  [[{ type: 'network', path: '/var/run/netns/cni-1' }], 'own'],
  [[{ type: 'pid' }], 'host'],
])('namespaces %j: the network is %s', (namespaces, expected) => {
  const config = ociConfig(containerdAnnotations(CRIO), { namespaces });
  expect(factsOf(bundleOf(CRIO.id, config)).network).toBe(expected);
});

test('names that are no texts, or longer than a label may be, are unknown', () => {
  const annotations = {
    ...CONTAINERD_CONTAINER,
    'io.kubernetes.cri.sandbox-name': 7,
    'io.kubernetes.cri.container-name': ['burner'],
    'io.kubernetes.cri.image-name': 'x'.repeat(10_000),
    'io.kubernetes.cri.sandbox-uid': null,
    constructor: 'x',
    __proto__: { 'io.kubernetes.cri.sandbox-name': 'y' },
  };
  const facts = factsOf(bundleOf(BURNER, ociConfig(annotations)));
  expect(facts.names).toEqual({
    container: '',
    image: '',
    name: BURNER,
    namespace: 'default',
    pod: '',
  });
  expect(facts.podUid).toBeUndefined();
});
