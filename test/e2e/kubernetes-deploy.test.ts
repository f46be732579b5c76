import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort, parseRows, type SampleRow } from '../support/agent.ts';
import { v1Mounts } from '../support/cgroup-v1.ts';
import { type Containerd, IMAGES, startContainerd } from '../support/containerd/containerd.ts';
import { type Pod, runPod } from '../support/containerd/pod.ts';
import { buildImage } from '../support/image.ts';
import { type AgentPod, runAgentPod } from '../support/kubernetes/agent-pod.ts';
import { buildRenderer, type Manifests, renderManifests } from '../support/kubernetes/manifests.ts';
import { findPeer, isMissing } from '../support/peers.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { type RunscPod, runRunscPod } from '../support/runsc/sandbox.ts';

const isSkipped = isMissing('the image under the DaemonSet of config/k8s', {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  containerd: findPeer('containerd'),
  runc: findPeer('runc'),
  runsc: findPeer('runsc'),
  ip: findPeer('ip'),
  busybox: findPeer('busybox'),
  buildah: findPeer('buildah'),
  go: findPeer('go'),
  prometheus: findPeer('prometheus'),
});

const IMAGE = 'registry.test/sandgauge:1';
/** What the CNI plugin of the tests gives to the one pod that has a network of its own. */
const ADDRESS = '10.77.0.2';
/** Of all pods on this machine those of this suite, and the node. */
const OWN_PODS = `receivers.cgroup.include=["/", "/sandgauge-${process.pid}-*/**"]`;
const CPU = 'container_cpu_usage_seconds_total';

describe.skipIf(isSkipped)('the image under the DaemonSet of config/k8s', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-deploy-'));
  let containerd: Containerd;
  let ordinary: Pod;
  let sandboxed: RunscPod | undefined;
  let agent: AgentPod | undefined;

  beforeAll(async () => {
    buildRenderer();
    containerd = await startContainerd({}, { isAsOnNode: true });
    containerd.load(buildImage(folder, IMAGE));
    const listen = `nc -l -p ${await freePort()} 127.0.0.1`;
    const command = ['/bin/sh', '-c', `${listen} & while :; do :; done`];
    ordinary = await runPod(containerd, 'ordinary', { app: { command } }, { isHostNetwork: true });
  }, 600_000);
  afterEach(async () => {
    await agent?.remove();
    agent = undefined;
    await sandboxed?.stop();
    sandboxed = undefined;
  });
  afterAll(async () => {
    await ordinary?.remove();
    await containerd?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** Starts it; only where this machine keeps its runtimes differs from a node. */
  async function start(
    manifests: Manifests,
    more: readonly string[] = [],
    env: Record<string, string> = {},
  ): Promise<void> {
    const args = [
      `extensions.workload_observer.containerd_state_directories=[${containerd.state}]`,
      `extensions.workload_observer.sandbox_image=${IMAGES.pause}`,
      ...more,
    ].map((setting) => `--set=${setting}`);
    agent = await runAgentPod(containerd, manifests, IMAGE, { args, env });
    await expect.poll(() => agent?.log(), { timeout: 10_000 }).toContain('Everything is ready');
  }

  /** What the kubelet would make in /var/lib lies in the suite's folder. */
  function onNode(manifests: Manifests): Manifests {
    const path = join(folder, 'state');
    mkdirSync(path);
    const volumes = manifests.pod.volumes.map((volume) =>
      volume.name === 'state' ? { ...volume, hostPath: { path, type: 'Directory' } } : volume,
    );
    return { ...manifests, pod: { ...manifests.pod, volumes } };
  }

  /**
   * What it complains of, but for what the manifest wants, to be reached from other machines, and for
   * the first process of this machine where even root may not look at it.
   */
  function troubles(): string[] {
    const lines = agent?.log().match(/.*\t(warn|error)\t.*/g) ?? [];
    const isFirstHidden = spawnSync('readlink', ['/proc/1/fd/0']).status !== 0;
    return lines.filter(
      (line) =>
        !line.includes('other machines may reach') &&
        !(isFirstHidden && line.includes('/host/proc/1/fd/')),
    );
  }

  /** From the other end of the pod's link; names are there after at most 2 s. */
  async function scrapePod(): Promise<SampleRow[]> {
    ask(9464, '/metrics/cadvisor');
    await sleep(2500);
    return parseRows(ask(9464, '/metrics/cadvisor'));
  }

  /** Throws where the answer is not 200. */
  function ask(port: number, path: string): string {
    const inPeer = ['netns', 'exec', containerd.peerNamespace];
    const url = `http://${ADDRESS}:${port}${path}`;
    const wget = [findPeer('busybox') ?? '', 'wget', '-q', '-O', '-', url];
    return execFileSync('ip', [...inPeer, ...wget], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  }

  test('all: rows of every container under its names, and nothing is denied', async () => {
    const manifests = renderManifests('all');
    await start(manifests, [OWN_PODS]);
    const rows = await scrapePod();
    const id = `${ordinary.cgroup}/${ordinary.containers.app}`;
    const own = rows.filter(({ labels }) => labels.id === id);
    const rowOf = (name: string) => own.find((row) => row.name === name)?.value;
    expect(own[0]?.labels).toMatchObject({
      ...{ namespace: 'team', pod: 'ordinary', container: 'app' },
      ...{ image: IMAGES.tools, name: ordinary.containers.app, id },
    });
    expect(rowOf(CPU)).toBeGreaterThan(1);
    expect(rowOf('container_memory_working_set_bytes')).toBeGreaterThan(0);
    expect(rowOf('container_processes')).toBe(2);
    // The two of CAP_SYS_PTRACE: what a descriptor is, and that its network is the host's.
    expect(rowOf('container_sockets')).toBe(1);
    const network = rows.filter(({ name }) => name === 'container_network_receive_bytes_total');
    expect(network.some(({ labels }) => labels.pod === 'ordinary')).toBe(false);
    expect(network.find(({ labels }) => labels.pod === 'agent')?.value).toBeGreaterThan(0);
    const [machine] = rows.filter(({ name }) => name === 'machine_cpu_cores');
    expect(machine?.labels.machine_id).toBe(readFileSync('/etc/machine-id', 'utf8').trim());
    const disks = rows.filter(({ name }) => name === 'container_fs_limit_bytes');
    expect(disks.map(({ labels }) => labels.device)).toContain(rootDevice());
    const { livenessProbe, readinessProbe } = manifests.container;
    for (const { httpGet } of [livenessProbe, readinessProbe]) {
      expect(ask(13134, httpGet.path)).toContain('Server available');
    }
    expect(troubles()).toEqual([]);
  }, 60_000);

  test('without its capabilities it says so', async () => {
    const manifests = renderManifests('all');
    const { container } = manifests;
    const { securityContext } = container;
    const capabilities = { ...securityContext.capabilities, add: [] };
    const without = { ...container, securityContext: { ...securityContext, capabilities } };
    await start({ ...manifests, container: without }, [OWN_PODS]);
    const rows = await scrapePod();
    const told = rows.filter(
      ({ labels }) => labels.pod === 'ordinary' && labels.container === 'app',
    );
    expect(told.some(({ name }) => name === CPU)).toBe(true);
    expect(told.some(({ name }) => name === 'container_sockets')).toBe(false);
    expect(troubles().join()).toContain('needs CAP_SYS_PTRACE');
  }, 60_000);

  test('base, on the host network: gVisor rows, and Prometheus leaves their labels alone', async () => {
    const containers = { app: { command: ['/bin/sleep', '100000'] } };
    sandboxed = await runRunscPod('sandboxed', { containers, parent: '/run' });
    const { root, sandboxId } = sandboxed;
    const manifests = onNode(renderManifests('base', ['host-network', 'pod-monitor', 'state']));
    const target = `127.0.0.1:${await freePort()}`;
    const env = { LISTEN: target, HEALTH_LISTEN: `127.0.0.1:${await freePort()}` };
    await start(manifests, [`receivers.runsc.roots=["${root}"]`], env);
    const read = async () => parseRows(await (await fetch(`http://${target}/metrics`)).text());
    await read();
    await sleep(2500);
    const rows = await read();
    expect(new Set(rows.map(({ labels }) => labels.pod))).toEqual(new Set(['sandboxed']));
    const used = rows.filter(({ name }) => name === CPU);
    expect(used.map(({ labels }) => labels.container).sort()).toEqual(['', 'app']);
    expect(troubles()).toEqual([]);
    expect(readdirSync(join(folder, 'state/file_storage'))).toContain('receiver_runsc');

    const prometheus = await startPrometheus(
      `${JSON.stringify(scrapeConfig(manifests, target))}\n`,
    );
    try {
      const found = () => prometheus.query(CPU);
      await expect.poll(found, { timeout: 20_000, interval: 500 }).toHaveLength(2);
      const sandbox = (await found()).find(({ metric }) => metric.name === sandboxId);
      expect(sandbox?.metric).toMatchObject({
        namespace: 'team',
        pod: 'sandboxed',
        job: 'kubelet',
      });
      // The pause container's is empty: the agent's own would be counted with the workloads'.
      expect(sandbox?.metric.container).toBeUndefined();
      const [up] = await prometheus.query('up');
      expect(up?.metric).toMatchObject({ node: 'node', metrics_path: '/metrics/cadvisor' });
      expect(up?.metric.pod).toBeUndefined();
    } finally {
      await prometheus.stop();
    }
  }, 60_000);
});

/** What the root file system lies on, by the name that cAdvisor gives. */
function rootDevice(): string {
  return execFileSync('findmnt', ['-no', 'SOURCE', '/'], { encoding: 'utf8' }).trim();
}

interface PodMonitor {
  readonly spec: {
    readonly podMetricsEndpoints: readonly [
      { path: string; honorLabels: boolean; relabelings: readonly Record<string, unknown>[] },
    ];
  };
}

/** What the Prometheus operator makes of a PodMonitor: its own labels first, then the relabelings. */
function scrapeConfig(manifests: Manifests, target: string): object {
  const monitor = manifests.object('PodMonitor') as unknown as PodMonitor;
  const [{ path, honorLabels, relabelings }] = monitor.spec.podMetricsEndpoints;
  const ofOperator = { namespace: 'sandgauge', pod: 'sandgauge-x', container: 'sandgauge' };
  const meta = { __meta_kubernetes_pod_node_name: 'node' };
  const snakeCase = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const job = {
    job_name: 'sandgauge',
    metrics_path: path,
    honor_labels: honorLabels,
    static_configs: [{ targets: [target], labels: { ...ofOperator, ...meta } }],
    relabel_configs: relabelings.map((each) =>
      Object.fromEntries(Object.entries(each).map(([key, value]) => [snakeCase(key), value])),
    ),
  };
  return { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: [job] };
}
