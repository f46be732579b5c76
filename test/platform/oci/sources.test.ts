import { mkdirSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRootedPaths } from '../../../src/platform/file/rooted.ts';
import { createContainerdSource } from '../../../src/platform/oci/containerd.ts';
import { createDockerSource } from '../../../src/platform/oci/docker.ts';
import { createStorageSource } from '../../../src/platform/oci/storage.ts';
import {
  containerdConfig,
  type FakeRoot,
  makeRoot,
  ociConfig,
  storageConfig,
} from '../../support/bundles.ts';

const ID = 'a'.repeat(64);
let root: FakeRoot;
beforeEach(() => {
  root = makeRoot();
});
afterEach(() => root.remove());

const containerd = (states: readonly string[] = ['/run/containerd']) =>
  createContainerdSource(createRootedPaths(root.path), states);
const docker = () =>
  createDockerSource(createRootedPaths(root.path), ['/var/lib/docker'], containerd());
const storage = () =>
  createStorageSource(createRootedPaths(root.path), [
    '/run/containers/storage',
    '/var/lib/containers/storage',
  ]);

test('without any directory no engine is there, and nothing is found', () => {
  for (const source of [containerd(), docker(), storage()]) {
    expect(source.exists()).toBe(false);
    expect(source.find(ID)).toBeUndefined();
  }
});

describe('containerd', () => {
  const beside = (file: string) => containerdConfig(ID).replace('config.json', file);

  test.each<[string, Record<string, string | object>, string | undefined]>([
    ['nothing', {}, undefined],
    [
      'a shim',
      { 'shim-binary-path': '/usr/bin/containerd-shim-runc-v2' },
      'containerd-shim-runc-v2',
    ],
    // As containerd 1.6 wrote them for a wrapper of runsc below the shim of runc.
    [
      'a binary below a shim',
      {
        'options.json': { binary_name: '/opt/runsc-wrap', root: '/run/runsc-root' },
        'shim-binary-path': '/usr/bin/containerd-shim-runc-v2',
        runtime: '/opt/runsc-wrap',
      },
      '/opt/runsc-wrap ',
    ],
    ['the file runtime', { runtime: '/opt/runsc-wrap\n' }, '/opt/runsc-wrap'],
    ['broken options', { 'options.json': '{', 'shim-binary-path': 'x-kata-v2' }, 'x-kata-v2'],
    ['options of another type', { 'options.json': { binary_name: 7 } }, undefined],
  ])('%s beside the config tells the runtime', (_, files, expected) => {
    root.write(containerdConfig(ID), ociConfig({}));
    for (const [name, content] of Object.entries(files)) root.write(beside(name), content);
    const runtime = containerd().find(ID)?.runtime;
    if (expected === undefined) expect(runtime).toBeUndefined();
    else expect(runtime).toContain(expected);
  });

  test('an empty `runtime` beside a runc shim is runc', () => {
    root.write(containerdConfig(ID), ociConfig({}));
    root.write(beside('runtime'), '');
    root.write(beside('shim-binary-path'), '/usr/bin/containerd-shim-runc-v2');
    root.write(beside('options.json'), { root: '/run/containerd/runc' });
    expect(containerd().find(ID)?.runtime).toBe('/usr/bin/containerd-shim-runc-v2');
  });

  test('the namespace of Kubernetes comes first, others are looked at too', () => {
    const config = (namespace: string, name: string) =>
      root.write(containerdConfig(ID, namespace), ociConfig({ name }));
    config('a-tenant', 'tenant');
    expect(containerd().find(ID)?.spec.annotations.name).toBe('tenant');
    config('moby', 'docker');
    expect(containerd().find(ID)?.spec.annotations.name).toBe('docker');
    config('k8s.io', 'kubernetes');
    expect(containerd().find(ID)?.spec.annotations.name).toBe('kubernetes');
  });

  test('the state of k3s, below an absolute link that stays in the root', () => {
    const path = containerdConfig(ID).replace('run/containerd', 'run/k3s/containerd');
    root.write(path, ociConfig({}));
    mkdirSync(`${root.path}/var`);
    symlinkSync('/run', `${root.path}/var/run`);
    expect(containerd().exists()).toBe(false);
    for (const state of ['/run/k3s/containerd', '/var/run/k3s/containerd']) {
      expect(containerd([state]).find(ID)?.path).toBe(`${root.path}/${path}`);
    }
  });

  test('files where directories should be are no engine', () => {
    root.write('run/containerd/io.containerd.runtime.v2.task', 'x');
    expect(containerd().find(ID)).toBeUndefined();
  });

  test('other names in a namespace, and a folder without a config, are nothing', () => {
    root.write('run/containerd/io.containerd.runtime.v2.task/k8s.io/note', 'x');
    root.write('run/containerd/io.containerd.runtime.v2.task/-odd/x', 'x');
    mkdirSync(`${root.path}/run/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}`);
    expect(containerd().find(ID)).toBeUndefined();
  });
});

describe('Docker', () => {
  const write = (config: unknown) =>
    root.write(`var/lib/docker/containers/${ID}/config.v2.json`, JSON.stringify(config));
  const good = { ID, Name: '/my_redis', Config: { Image: 'redis:8', Labels: { a: 'b' } } };

  test('the name has no slash before it; limits are those of the bundle below containerd', () => {
    write({ ...good, State: { Running: true }, Driver: 'overlay2' });
    expect(docker().find(ID)).toBeUndefined();
    const resources = { memory: { limit: 64 } };
    root.write(containerdConfig(ID, 'moby'), ociConfig({}, { resources }));
    const found = docker().find(ID);
    expect(found).toMatchObject({ id: ID, name: 'my_redis', image: 'redis:8', labels: { a: 'b' } });
    expect(found?.spec.resources.memoryLimitBytes).toBe(64);
  });

  test.each([
    ['of another container', { ...good, ID: 'b'.repeat(64) }],
    ['without an ID', { Name: '/x' }],
    ['with a name that is none', { ...good, Name: 7 }],
    ['with labels that are numbers', { ...good, Config: { Labels: { a: 1 } } }],
    ['that is null', null],
  ])('a configuration %s is an error that names its path', (_, config) => {
    const path = write(config);
    expect(() => docker().find(ID)).toThrow(expect.objectContaining({ path }));
  });

  test('absent parts are no names', () => {
    write({ ID, Name: '/x', Config: null });
    root.write(containerdConfig(ID, 'moby'), ociConfig({}));
    expect(docker().find(ID)).toMatchObject({ name: 'x', image: undefined, labels: {} });
  });
});

describe('CRI-O and Podman', () => {
  const list = (name: string, entries: unknown) =>
    root.write(`var/lib/containers/storage/overlay-containers/${name}`, JSON.stringify(entries));
  const metadata = JSON.stringify({ 'image-name': 'docker.io/library/redis:8', name: 'redis' });

  test.each(['containers.json', 'volatile-containers.json'])(
    'Podman keeps names in %s of the other root',
    (name) => {
      root.write(storageConfig(ID), ociConfig({ 'io.container.manager': 'libpod' }));
      list(name, [
        { id: 'b'.repeat(64), names: ['other'] },
        { id: ID, names: ['redis', 'alias'], metadata },
      ]);
      expect(storage().find(ID)).toMatchObject({
        id: ID,
        name: 'redis',
        image: 'docker.io/library/redis:8',
      });
    },
  );

  test('a list that changes is read again', () => {
    root.write(storageConfig(ID), ociConfig({}));
    const source = storage();
    expect(source.find(ID)?.name).toBeUndefined();
    list('containers.json', [{ id: ID, names: ['late'], metadata: 'no JSON' }]);
    expect(source.find(ID)).toMatchObject({ name: 'late', image: undefined });
    list('containers.json', [{ id: ID, names: ['later'] }]);
    expect(source.find(ID)?.name).toBe('later');
  });

  test('a list that is none costs the names, not the container', () => {
    root.write(storageConfig(ID), ociConfig({}));
    list('containers.json', { id: ID });
    expect(storage().find(ID)).toMatchObject({ id: ID, name: undefined });
  });

  test('drivers of any name, and nothing that only looks like one', () => {
    for (const driver of ['vfs', 'btrfs']) {
      const id = driver.charCodeAt(0).toString(16).padStart(64, '0');
      root.write(storageConfig(id).replace('overlay', driver), ociConfig({}));
      expect(storage().find(id)?.id).toBe(id);
    }
    root.remove('run');
    root.write(`run/containers/storage/overlay-images/${ID}/userdata/config.json`, ociConfig({}));
    expect(storage().exists()).toBe(false);
    expect(storage().find(ID)).toBeUndefined();
  });

  test('the handler of CRI-O is the runtime', () => {
    const annotations = { 'io.kubernetes.cri-o.RuntimeHandler': 'runsc' };
    root.write(storageConfig(ID), ociConfig(annotations));
    expect(storage().find(ID)?.runtime).toBe('runsc');
  });
});
