import type { Bundle } from '../platform/oci/bundle.ts';
import type { OciNetwork, OciResources } from '../platform/oci/spec.ts';
import type { Names } from './identity.ts';
import type { Runtime } from './workload.ts';

/** What is known of a container beside its cgroup. */
export interface Facts {
  readonly names: Names;
  readonly podUid: string | undefined;
  /** True for the sandbox (pause) container of a pod. */
  readonly isSandbox: boolean;
  /** The id of the pod's sandbox container; its own id for a sandbox. */
  readonly sandboxId: string | undefined;
  readonly runtime: Runtime | undefined;
  /** Where the host has mounted its root file system. */
  readonly rootfs: string | undefined;
  readonly resources: OciResources;
  readonly network: OciNetwork;
  /** Its Kubernetes labels, where a source tells them, which may be later: bundles do not. */
  readonly labels?: Texts | undefined;
}

type Texts = Readonly<Record<string, string>>;

const CRI = 'io.kubernetes.cri.';
const CRIO = 'io.kubernetes.cri-o.';
const KUBELET = 'io.kubernetes.';

/**
 * What a bundle says, in cAdvisor's terms for its engine; `sandboxImage` stands for the image of a
 * sandbox whose bundle tells none.
 */
export function factsOf(bundle: Omit<Bundle, 'path'>, sandboxImage = ''): Facts {
  const { annotations, rootfs, resources, network } = bundle.spec;
  const described = describe(bundle, annotations);
  const { names, isSandbox } = described;
  const image = names.image || (isSandbox ? sandboxImage : '');
  return {
    ...described,
    names: { ...names, image },
    runtime: runtimeOf(bundle.runtime),
    rootfs: rootfs?.startsWith('/') ? rootfs : undefined,
    resources,
    network,
  };
}

type Described = Pick<Facts, 'names' | 'podUid' | 'isSandbox' | 'sandboxId'>;

function describe(bundle: Omit<Bundle, 'path'>, annotations: Texts): Described {
  if (`${CRI}container-type` in annotations) return fromContainerd(bundle.id, annotations);
  if (`${CRIO}ContainerType` in annotations) return fromCrio(bundle.id, annotations);
  return fromEngine(bundle);
}

/** containerd's CRI plugin: the name is the id, a sandbox has no container name. */
function fromContainerd(id: string, annotations: Texts): Described {
  const value = (key: string) => annotations[CRI + key] ?? '';
  const isSandbox = value('container-type') === 'sandbox';
  return {
    names: {
      container: isSandbox ? '' : value('container-name'),
      image: isSandbox ? value('podsandbox.image-name') : value('image-name'),
      name: id,
      namespace: value('sandbox-namespace'),
      pod: value('sandbox-name'),
    },
    podUid: value('sandbox-uid') || undefined,
    isSandbox,
    sandboxId: isSandbox ? id : value('sandbox-id') || undefined,
  };
}

/** CRI-O: the name is k8s_<container>_<pod>_<namespace>_<uid>_<attempt>, a sandbox is POD. */
function fromCrio(id: string, annotations: Texts): Described {
  const value = (key: string) => annotations[CRIO + key] ?? '';
  const label = (key: string) => annotations[KUBELET + key] ?? '';
  const isSandbox = value('ContainerType') === 'sandbox';
  return {
    names: {
      container: isSandbox ? 'POD' : label('container.name'),
      image: value('ImageName') || value('Image'),
      name: (isSandbox ? value('ContainerName') : '') || value('Name') || id,
      namespace: label('pod.namespace') || value('Namespace'),
      pod: label('pod.name') || value('KubeName'),
    },
    podUid: label('pod.uid') || undefined,
    isSandbox,
    sandboxId: isSandbox ? id : value('SandboxID') || undefined,
  };
}

/** Docker and Podman: a container of its own, or a pod's by cri-dockerd's labels. */
function fromEngine(bundle: Omit<Bundle, 'path'>): Described {
  const label = (key: string) => bundle.labels[KUBELET + key] ?? '';
  const isSandbox = label('docker.type') === 'podsandbox';
  return {
    names: {
      container: isSandbox ? 'POD' : label('container.name'),
      image: bundle.image ?? '',
      name: bundle.name ?? bundle.id,
      namespace: label('pod.namespace'),
      pod: label('pod.name'),
    },
    podUid: label('pod.uid') || undefined,
    isSandbox,
    sandboxId: isSandbox ? bundle.id : bundle.labels['io.kubernetes.sandbox.id'],
  };
}

/** crun and youki run containers as runc does; a handler may have any name, then it is unknown. */
function runtimeOf(name: string | undefined): Runtime | undefined {
  if (name === undefined) return undefined;
  if (/runsc|gvisor/.test(name)) return 'runsc';
  if (/kata/.test(name)) return 'kata';
  return name === '' || /runc|crun|youki/.test(name) ? 'runc' : undefined;
}
