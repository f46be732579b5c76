import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgroupMounts } from '../cgroup-v1.ts';
import { type Containerd, IMAGES } from './containerd.ts';

/** A container to start in a pod. */
export interface ContainerSpec {
  readonly command: readonly string[];
  readonly resources?: {
    readonly cpu_period?: number;
    readonly cpu_quota?: number;
    readonly cpu_shares?: number;
    readonly memory_limit_in_bytes?: number;
  };
}

/** A pod as the kubelet would have it run, under `/sandgauge-<pid>-<name>`. */
export interface Pod {
  readonly uid: string;
  readonly sandboxId: string;
  /** The cgroup id of the pod itself. */
  readonly cgroup: string;
  /** Container ids by container name. */
  readonly containers: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

const HOST_NETWORK = 2;

/** Runs a pod in the namespace `team`. */
export async function runPod(
  { cri }: Containerd,
  name: string,
  containers: Readonly<Record<string, ContainerSpec>>,
  { isHostNetwork = false, handler = '', labels = {} as Readonly<Record<string, string>> } = {},
): Promise<Pod> {
  const uid = `11111111-aaaa-bbbb-cccc-${String(process.pid).padStart(11, '0')}${isHostNetwork ? 1 : 0}`;
  const top = `/sandgauge-${process.pid}-${name}`;
  const cgroup = `${top}/kubepods/burstable/pod${uid}`;
  const network = isHostNetwork ? HOST_NETWORK : 0;
  const config = {
    metadata: { name, uid, namespace: 'team', attempt: 0 },
    labels,
    linux: {
      cgroup_parent: cgroup,
      security_context: { namespace_options: { network } },
    },
  };
  const { pod_sandbox_id: sandboxId = '' } = await cri.call('RunPodSandbox', {
    config,
    runtime_handler: handler,
  });
  const ids: Record<string, string> = {};
  for (const [container, { command, resources }] of Object.entries(containers)) {
    const { container_id = '' } = await cri.call('CreateContainer', {
      pod_sandbox_id: sandboxId,
      config: {
        metadata: { name: container, attempt: 0 },
        labels,
        image: { image: IMAGES.tools },
        command,
        linux: { resources: resources ?? {} },
      },
      sandbox_config: config,
    });
    await cri.call('StartContainer', { container_id });
    ids[container] = container_id;
  }
  return { uid, sandboxId, cgroup, containers: ids, remove };

  async function remove(): Promise<void> {
    await cri.call('StopPodSandbox', { pod_sandbox_id: sandboxId });
    await cri.call('RemovePodSandbox', { pod_sandbox_id: sandboxId });
    for (const mount of cgroupMounts()) await removeTree(join(mount, top));
  }
}

/** Removes a cgroup and all below it; what is not there needs no removal. */
export async function removeTree(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(join(directory, entry.name));
  }
  for (let tries = 0; tries < 50; tries++) {
    try {
      return rmdirSync(directory);
    } catch {
      // A process that was killed leaves its cgroup a moment later.
      await sleep(20);
    }
  }
}
