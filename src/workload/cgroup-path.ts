import type { Engine, Workload, WorkloadKind } from './workload.ts';

const POD_SLICE =
  /^(?:.*-)?pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$/;
const CONTAINER_ID = '[0-9a-f]{64}';
const SCOPE = new RegExp(`^(cri-containerd|crio|docker|libpod)-(${CONTAINER_ID})(?:\\.scope)?$`);
const BARE = new RegExp(`^${CONTAINER_ID}$`);
const QOS = /^(?:.*-)?(?:kubepods|kubepods-besteffort|kubepods-burstable)(?:\.slice)?$/;

const OVERHEAD = new RegExp(`^/kata_overhead/(${CONTAINER_ID})$`);
const OVERHEAD_SCOPE = new RegExp(
  `^/kata\\.slice/kata-overhead\\.slice/runtime-rs-(${CONTAINER_ID})\\.scope$`,
);

/** Longer names are no units: systemd.unit(5). */
const MAX_UNIT = 255;

const ENGINES: Readonly<Record<string, Engine>> = {
  'cri-containerd': 'containerd',
  crio: 'cri-o',
  docker: 'docker',
  libpod: 'podman',
};

/** True for the top of the kubelet's tree, under either cgroup driver. */
export function isKubepods(path: string): boolean {
  return /^(\/kubelet(\.slice)?)?\/(kubelet-)?kubepods(\.slice)?$/.test(path);
}

/**
 * The id of the sandbox whose VMM and shim Kata keeps in this cgroup, outside of the pod's, with
 * `sandbox_cgroup_only = false`: /kata_overhead/<id>, for runtime-rs under systemd a scope.
 */
export function overheadSandboxOf(path: string): string | undefined {
  return OVERHEAD.exec(path)?.[1] ?? OVERHEAD_SCOPE.exec(path)?.[1];
}

/** The id that a cgroup in a pod's slice bears: a container's, or behind `kata_` that of Kata's sandbox. */
export function sandboxOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/^kata_/, '');
  return SCOPE.exec(name)?.[2] ?? BARE.exec(name)?.[0];
}

/** True for the names that libvirt gives to the cgroups of QEMU, with systemd and without. */
export function isVmCgroup(path: string): boolean {
  return /\/(machine-qemu\\x2d[^/]*\.scope|[^/]*\.libvirt-qemu)$/.test(path);
}

/**
 * Reads what a cgroup path tells: the kubelet's slices and pods, and the container scopes of
 * containerd, CRI-O, Docker and Podman, for the systemd and the cgroupfs driver.
 */
export function parseCgroupPath(path: string): Workload {
  if (path === '/') return workload('node', path);
  const parts = path.split('/');
  const leaf = parts.at(-1) ?? '';
  const parent = parts.at(-2) ?? '';
  const podUid = podUidOf(parent);
  const scope = SCOPE.exec(leaf);
  if (scope !== null) {
    return workload('container', path, scope[2], podUid, ENGINES[scope[1] ?? '']);
  }
  if (BARE.test(leaf) && (podUid !== undefined || parent === 'docker')) {
    return workload('container', path, leaf, podUid, podUid === undefined ? 'docker' : undefined);
  }
  const uid = podUidOf(leaf);
  if (uid !== undefined) return workload('pod', path, undefined, uid);
  const isQos = QOS.test(leaf) || (/^(besteffort|burstable)$/.test(leaf) && QOS.test(parent));
  return workload(isQos ? 'slice' : 'cgroup', path);
}

/**
 * The cgroup path that an OCI spec asks for: as it is, or in systemd's form `slice:prefix:name`, whose
 * slice holds its parents' names. Without one runtimes take the container's id.
 */
export function cgroupPathOf(cgroupsPath: string | undefined, containerId: string): string {
  if (!cgroupsPath) return `/${containerId}`;
  const [slice, prefix, name] = cgroupsPath.split(':');
  if (name === undefined || (slice ?? '').length > MAX_UNIT)
    return cgroupsPath.startsWith('/') ? cgroupsPath : `/${cgroupsPath}`;
  const unit = name.endsWith('.slice') ? name : `${prefix ? `${prefix}-` : ''}${name}.scope`;
  return `${slicePath(slice || 'system.slice')}/${unit}`;
}

/** a-b.slice is a child of a.slice: systemd.slice(5). */
function slicePath(slice: string): string {
  const parts = slice
    .replace(/\.slice$/, '')
    .split('-')
    .filter(Boolean);
  return parts.map((_, i) => `/${parts.slice(0, i + 1).join('-')}.slice`).join('');
}

function podUidOf(name: string): string | undefined {
  return POD_SLICE.exec(name)?.[1]?.replaceAll('_', '-');
}

function workload(
  kind: WorkloadKind,
  id: string,
  containerId?: string,
  podUid?: string,
  engine?: Engine,
): Workload {
  return Object.freeze({ kind, id, containerId, podUid, engine, runtime: undefined });
}
