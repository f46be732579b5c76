import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupMounts } from '../cgroup-v1.ts';
import type { Containerd } from '../containerd/containerd.ts';
import { removeTree } from '../containerd/pod.ts';
import type { Manifests } from './manifests.ts';

/** The agent in a container, as the DaemonSet's manifest has it. */
export interface AgentPod {
  /** What it logged so far. */
  log(): string;
  remove(): Promise<void>;
}

/** What a test changes of the manifest. */
interface Changes {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const NODE_NETWORK = 2;
const PRIVATE = 0;
const HOST_TO_CONTAINER = 1;
const RUNTIME_DEFAULT = 0;

/** Does the kubelet's part: turns the pod of a manifest into calls of the CRI. */
export async function runAgentPod(
  { cri }: Containerd,
  manifests: Manifests,
  image: string,
  { args = [], env = {} }: Changes = {},
): Promise<AgentPod> {
  const { pod, container } = manifests;
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-pod-'));
  const top = `/sandgauge-${process.pid}-agent`;
  const uid = randomUUID();
  const namespaces = { network: pod.hostNetwork ? NODE_NETWORK : 0, pid: pod.hostPID ? 2 : 1 };
  const sandbox_config = {
    metadata: { name: 'agent', uid, namespace: 'sandgauge', attempt: 0 },
    log_directory: join(folder, 'logs'),
    linux: {
      cgroup_parent: `${top}/kubepods/burstable/pod${uid}`,
      security_context: { namespace_options: namespaces },
    },
  };
  const { pod_sandbox_id: sandboxId = '' } = await cri.call('RunPodSandbox', {
    config: sandbox_config,
  });
  try {
    await startContainer();
  } catch (error) {
    await remove();
    throw error;
  }
  return { log, remove };

  async function startContainer(): Promise<void> {
    const { securityContext } = container;
    const { container_id } = await cri.call('CreateContainer', {
      pod_sandbox_id: sandboxId,
      sandbox_config,
      config: {
        metadata: { name: 'sandgauge', attempt: 0 },
        image: { image },
        args: [...container.args, ...args],
        envs: Object.entries({ ...variables(), ...env }).map(([key, value]) => ({ key, value })),
        mounts: container.volumeMounts.map((mount) => ({
          container_path: mount.mountPath,
          host_path: sourceOf(mount.name),
          readonly: mount.readOnly ?? false,
          propagation: mount.mountPropagation === 'HostToContainer' ? HOST_TO_CONTAINER : PRIVATE,
        })),
        log_path: 'agent.log',
        linux: {
          resources: { memory_limit_in_bytes: bytesOf(container.resources.limits.memory) },
          security_context: {
            capabilities: {
              add_capabilities: securityContext.capabilities.add,
              drop_capabilities: securityContext.capabilities.drop,
            },
            namespace_options: namespaces,
            run_as_user: { value: securityContext.runAsUser },
            readonly_rootfs: securityContext.readOnlyRootFilesystem,
            no_new_privs: !securityContext.allowPrivilegeEscalation,
            seccomp: { profile_type: RUNTIME_DEFAULT },
          },
        },
      },
    });
    await cri.call('StartContainer', { container_id });
  }

  function variables(): Record<string, string> {
    return Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  }

  /** The host's path of a volume; the files of a ConfigMap are written first. */
  function sourceOf(name: string): string {
    const volume = pod.volumes.find((each) => each.name === name);
    if (volume?.hostPath !== undefined) return volume.hostPath.path;
    const directory = join(folder, name);
    mkdirSync(directory);
    for (const [file, text] of Object.entries(manifests.files)) {
      writeFileSync(join(directory, file), text);
    }
    return directory;
  }

  /** Lines of the CRI's log: time, stream, tag and what was written. */
  function log(): string {
    return readdirSync(join(folder, 'logs'))
      .map((name) => readFileSync(join(folder, 'logs', name), 'utf8'))
      .join('')
      .replaceAll(/^\S+ std(?:out|err) \S+ /gm, '');
  }

  async function remove(): Promise<void> {
    await cri.call('StopPodSandbox', { pod_sandbox_id: sandboxId });
    await cri.call('RemovePodSandbox', { pod_sandbox_id: sandboxId });
    for (const mount of cgroupMounts()) await removeTree(join(mount, top));
    rmSync(folder, { recursive: true, force: true });
  }
}

function bytesOf(quantity: string): number {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? [];
  return Number(number) * (unit === 'Gi' ? 2 ** 30 : 2 ** 20);
}
