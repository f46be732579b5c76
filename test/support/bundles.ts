import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Who a container is, as the kubelet says it to the engine. */
export interface Who {
  readonly id: string;
  readonly podUid: string;
  readonly pod: string;
  readonly namespace: string;
  /** Undefined for the sandbox. */
  readonly container?: string;
  readonly image?: string;
  readonly sandboxId?: string;
}

const TASKS = 'run/containerd/io.containerd.runtime.v2.task';
const STORAGE = 'run/containers/storage/overlay-containers';

/** A host's file system in a temporary folder, for bundles, cgroups and /proc. */
export interface FakeRoot {
  readonly path: string;
  /** Writes a file below the root; returns its path. */
  write(file: string, content: string | object): string;
  remove(file?: string): void;
}

/** Makes an empty root; `remove()` takes all of it away. */
export function makeRoot(): FakeRoot {
  const path = mkdtempSync(join(tmpdir(), 'sandgauge-root-'));
  return {
    path,
    write(file, content) {
      const target = join(path, file);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, typeof content === 'string' ? content : JSON.stringify(content));
      return target;
    },
    remove: (file = '') => rmSync(join(path, file), { recursive: true, force: true }),
  };
}

/** Where containerd keeps the config.json of a container. */
export function containerdConfig(id: string, namespace = 'k8s.io'): string {
  return `${TASKS}/${namespace}/${id}/config.json`;
}

/** Where CRI-O and Podman keep it. */
export function storageConfig(id: string): string {
  return `${STORAGE}/${id}/userdata/config.json`;
}

/** The annotations of containerd's CRI plugin. */
export function containerdAnnotations(who: Who): Record<string, string> {
  const cri = (key: string) => `io.kubernetes.cri.${key}`;
  const own: Record<string, string> =
    who.container === undefined
      ? {
          [cri('container-type')]: 'sandbox',
          [cri('sandbox-id')]: who.id,
          [cri('podsandbox.image-name')]: who.image ?? 'registry.k8s.io/pause:3.10',
        }
      : {
          [cri('container-type')]: 'container',
          [cri('sandbox-id')]: who.sandboxId ?? 'e'.repeat(64),
          [cri('container-name')]: who.container,
          [cri('image-name')]: who.image ?? 'docker.io/library/scene:latest',
        };
  return {
    ...own,
    [cri('sandbox-name')]: who.pod,
    [cri('sandbox-namespace')]: who.namespace,
    [cri('sandbox-uid')]: who.podUid,
  };
}

/** The annotations of CRI-O, of which the kubelet's labels are copies. */
export function crioAnnotations(who: Who): Record<string, string> {
  const crio = (key: string) => `io.kubernetes.cri-o.${key}`;
  const names = (container: string) =>
    `k8s_${container}_${who.pod}_${who.namespace}_${who.podUid}_0`;
  const labels = {
    'io.kubernetes.pod.name': who.pod,
    'io.kubernetes.pod.namespace': who.namespace,
    'io.kubernetes.pod.uid': who.podUid,
  };
  const both = { ...labels, [crio('ContainerID')]: who.id };
  if (who.container === undefined) {
    return {
      ...both,
      'io.kubernetes.container.name': 'POD',
      [crio('ContainerType')]: 'sandbox',
      [crio('SandboxID')]: who.id,
      [crio('Name')]: `k8s_${who.pod}_${who.namespace}_${who.podUid}_0`,
      [crio('ContainerName')]: names('POD'),
      [crio('KubeName')]: who.pod,
      [crio('Namespace')]: who.namespace,
      [crio('Image')]: who.image ?? 'registry.k8s.io/pause:3.10',
    };
  }
  return {
    ...both,
    'io.kubernetes.container.name': who.container,
    [crio('ContainerType')]: 'container',
    [crio('SandboxID')]: who.sandboxId ?? 'e'.repeat(64),
    [crio('Name')]: names(who.container),
    [crio('ImageName')]: who.image ?? 'docker.io/library/scene:latest',
  };
}

/** The parts of an OCI config that are read; `more` replaces parts of `linux`. */
export function ociConfig(annotations: object, more: object = {}): object {
  const namespaces = [{ type: 'pid' }, { type: 'network', path: '/var/run/netns/cni-1' }];
  return { ociVersion: '1.2.0', annotations, linux: { namespaces, ...more } };
}

/** Writes the bundle of a container of containerd. */
export function writeContainerd(root: FakeRoot, who: Who, more: object = {}): string {
  return root.write(containerdConfig(who.id), ociConfig(containerdAnnotations(who), more));
}

/** Writes the bundle of a container of CRI-O. */
export function writeCrio(root: FakeRoot, who: Who, more: object = {}): string {
  return root.write(storageConfig(who.id), ociConfig(crioAnnotations(who), more));
}

/** Makes a FIFO, which holds up whoever opens it to read and takes no care. */
export function makeFifo(path: string): void {
  execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
}
