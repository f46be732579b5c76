import type { Written } from '../../../src/platform/cri/message.ts';
import type { PodSandboxMetrics } from '../../../src/platform/cri/metrics.ts';
import type { ContainerStats, NetworkUsage } from '../../../src/platform/cri/stats.ts';
import type { Handlers } from './server.ts';

/** What the double's runtime tells of a container. */
interface ToldContainer {
  readonly id: string;
  readonly name: string;
  /** As the status has it: the type of the shim, or the binary behind runc's. */
  readonly shim: string | undefined;
  readonly binary?: string;
  readonly labels?: Readonly<Record<string, string>>;
  stats: Written<typeof ContainerStats>;
}

/** A pod with its containers. */
export interface ToldPod {
  readonly id: string;
  readonly uid: string;
  readonly name: string;
  readonly containers: ToldContainer[];
  readonly shim: string | undefined;
  readonly isHostNetwork?: boolean;
  network?: Written<typeof NetworkUsage>;
  metrics?: Written<typeof PodSandboxMetrics>;
}

/** A number of nanoseconds since the epoch. */
export const nanosNow = () => BigInt(Date.now()) * 1_000_000n;

/** A 64-digit id that ends in `digits`. */
export const idOf = (digits: string) => digits.padStart(64, '0');

/** Stats that are true of a container that runs. */
export function trueStats(more: Written<typeof ContainerStats> = {}) {
  const timestamp = nanosNow();
  return {
    cpu: { timestamp, usage_core_nano_seconds: 1_500_000_000n, usage_nano_cores: 7n },
    memory: {
      ...{ timestamp, working_set_bytes: 40_000_000n, usage_bytes: 50_000_000n },
      ...{ available_bytes: 60_000_000n, rss_bytes: 30_000_000n },
      ...{ page_faults: 900n, major_page_faults: 2n },
    },
    swap: { timestamp, swap_usage_bytes: 0n, swap_available_bytes: 0n },
    ...more,
  } satisfies Written<typeof ContainerStats>;
}

/** Makes a pod of one container, `<name>-app`, of the runtime that `shim` names. */
export function makePod(digits: string, shim: string | undefined, more: Partial<ToldPod> = {}) {
  const id = `f${idOf(digits).slice(1)}`;
  const app: ToldContainer = { id: idOf(digits), name: `app-${digits}`, shim, stats: trueStats() };
  const uid = `00000000-1111-2222-3333-${digits.padStart(12, '0')}`;
  const pod: ToldPod = { id, uid, name: `pod-${digits}`, shim, containers: [app], ...more };
  return pod;
}

/** The cgroup of a pod in the double's node. */
export const cgroupOfPod = ({ uid }: ToldPod) => `/kubepods/burstable/pod${uid}`;

/** The answers of a runtime that runs `pods`, which may change between calls. */
export function handlersOf(pods: readonly ToldPod[]): Handlers {
  const containers = () => pods.flatMap((pod) => pod.containers.map((each) => ({ pod, each })));
  const attributes = (each: ToldContainer) => ({ id: each.id, metadata: { name: each.name } });
  return {
    Version: () => ({ runtime_name: 'double', runtime_version: '1' }),
    ListPodSandbox: () => ({
      items: pods.map(({ id, uid, name }) => ({
        ...{ id, metadata: { name, uid, namespace: 'team' }, state: 0, created_at: CREATED },
        labels: { app: name },
      })),
    }),
    ListContainers: () => ({
      containers: containers().map(({ pod, each }) => ({
        ...{ id: each.id, pod_sandbox_id: pod.id, metadata: { name: each.name }, state: 1 },
        ...{ image: { image: IMAGE }, created_at: CREATED },
        labels: each.labels ?? { tier: each.name },
      })),
    }),
    ListContainerStats: () => ({
      stats: containers().map(({ each }) => ({ attributes: attributes(each), ...each.stats })),
    }),
    ContainerStats: ({ container_id }) => {
      const { each } = found(containers().find((one) => one.each.id === container_id));
      return { stats: { attributes: attributes(each), ...each.stats } };
    },
    ListPodSandboxStats: () => ({ stats: pods.map(statsOfPod) }),
    PodSandboxStats: ({ pod_sandbox_id }) => ({
      stats: statsOfPod(found(pods.find(({ id }) => id === pod_sandbox_id))),
    }),
    ContainerStatus: ({ container_id }) => {
      const { pod, each } = found(containers().find((one) => one.each.id === container_id));
      return { info: infoOf(pod, each.id, each.shim, each.binary, each.name) };
    },
    PodSandboxStatus: ({ pod_sandbox_id }) => {
      const pod = found(pods.find(({ id }) => id === pod_sandbox_id));
      return { info: infoOf(pod, pod.id, pod.shim) };
    },
  };
}

/** The image of all containers of the double. */
export const IMAGE = 'registry.test/team/tools:1.0';
/** When all of them were made, in ns since the epoch. */
const CREATED = 1_700_000_000_000_000_000n;

const NOT_FOUND = { code: 5, details: 'not found' };

function found<T>(value: T | undefined): T {
  if (value === undefined) throw NOT_FOUND;
  return value;
}

function statsOfPod(pod: ToldPod) {
  const { id, name, uid, network } = pod;
  const metadata = { name, uid, namespace: 'team' };
  const timestamp = nanosNow();
  const { cpu, memory } = trueStats();
  return {
    attributes: { id, metadata },
    linux: { cpu, memory, network, process: { timestamp, process_count: 9n } },
  };
}

function infoOf(
  pod: ToldPod,
  id: string,
  shim: string | undefined,
  binary?: string,
  container?: string,
): Record<string, string> {
  if (shim === undefined) return {};
  const cri = (key: string) => `io.kubernetes.cri.${key}`;
  const own: Record<string, string> =
    container === undefined
      ? { [cri('container-type')]: 'sandbox' }
      : {
          [cri('container-type')]: 'container',
          [cri('container-name')]: container,
          [cri('image-name')]: IMAGE,
        };
  const annotations = {
    ...{ ...own, [cri('sandbox-id')]: pod.id, [cri('sandbox-uid')]: pod.uid },
    ...{ [cri('sandbox-name')]: pod.name, [cri('sandbox-namespace')]: 'team' },
  };
  const network = { type: 'network', path: '/var/run/netns/cni-1' };
  const linux = {
    cgroupsPath: `${cgroupOfPod(pod)}/${id}`,
    namespaces: pod.isHostNetwork ? [] : [network],
    resources: { cpu: { shares: 512 }, memory: { limit: 256 * 2 ** 20 } },
  };
  const info = {
    runtimeType: shim,
    runtimeOptions: binary === undefined ? {} : { binary_name: binary },
    image: 'registry.test/pause:3.9',
    runtimeSpec: { ociVersion: '1.2.0', annotations, linux },
  };
  return { info: JSON.stringify(info) };
}
