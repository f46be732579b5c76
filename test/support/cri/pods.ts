import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Agent, startAgent } from '../agent.ts';
import { type Containerd, IMAGES, startContainerd } from '../containerd/containerd.ts';
import { type Pod, runPod } from '../containerd/pod.ts';
import { pidsOf } from '../kernel-v1.ts';
import { makeNetwork } from '../network.ts';
import { compile } from '../peers.ts';
import { type RunscPod, runRunscPod } from '../runsc/sandbox.ts';

/** A pod of a real runc and one of a real runsc, and an agent that serves both over the CRI. */
export interface CriPods {
  /** Of the cri exporter. */
  readonly socket: string;
  readonly agent: Agent;
  readonly containerd: Containerd;
  /** `burner` at 0.3 cores and `idle`; interfaces eth0, with the default route, net1 and net2. */
  readonly runc: Pod;
  /** `spinner` and `calm`; eth0 alone. */
  readonly runsc: RunscPod;
  idOf(container: string): string;
  cgroupOf(container: string): string;
  stop(): Promise<void>;
}

/** The memory limit of `burner`. */
export const LIMIT = 256 * 2 ** 20;

/** Starts everything; `stop` undoes what was started, also when the start fails. */
export async function startCriPods(): Promise<CriPods> {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-crictl-'));
  const socket = join(folder, 'cri.sock');
  const stops: (() => Promise<unknown> | unknown)[] = [
    () => rmSync(folder, { recursive: true, force: true }),
  ];
  try {
    const containerd = await startContainerd({ '/bin/hog': compile('hog.c') });
    stops.push(containerd.stop);
    const runc = await runPod(containerd, 'web', {
      burner: {
        command: ['/bin/hog', '100', '48'],
        resources: { cpu_period: 100_000, cpu_quota: 30_000, memory_limit_in_bytes: LIMIT },
      },
      idle: { command: ['/bin/sleep', '100000'] },
    });
    stops.push(runc.remove);
    addInterface(runc);
    const network = makeNetwork('ctl');
    stops.push(network.remove);
    const runsc = await runRunscPod('gv', {
      networkNamespace: network.inside,
      containers: {
        spinner: { command: ['/bin/awk', 'BEGIN{while(1) i++}'] },
        calm: { command: ['/bin/sleep', '100000'] },
      },
    });
    stops.push(runsc.stop);
    const inPeer = ['netns', 'exec', network.outside, 'busybox'];
    const ping = spawn('ip', [...inPeer, 'ping', '10.78.0.2'], { stdio: 'ignore' });
    stops.push(() => ping.kill());
    writeFileSync(join(folder, 'config.yaml'), configOf(containerd, runsc, socket));
    const agent = await startAgent(['--config', join(folder, 'config.yaml')]);
    stops.push(agent.stop);
    // What was there before is known two seconds after the first pass.
    await agent.scrape();
    await sleep(2_500);
    const idOf = (name: string) => (runc.containers[name] ?? runsc.ids[name]) as string;
    return {
      ...{ socket, agent, containerd, runc, runsc, idOf, stop },
      cgroupOf: (name) =>
        name in runc.containers ? `${runc.cgroup}/${idOf(name)}` : runsc.cgroupOf(name),
    };
  } catch (error) {
    await stop();
    throw error;
  }

  async function stop(): Promise<void> {
    for (const each of stops.splice(0).reverse()) await each();
  }
}

function addInterface({ cgroup, sandboxId }: Pod): void {
  const [pid = ''] = pidsOf(`${cgroup}/${sandboxId}`);
  const inPod = (...args: string[]) =>
    execFileSync('nsenter', ['-t', pid, '-n', 'ip', ...args], { stdio: 'pipe' });
  inPod('link', 'add', 'net1', 'type', 'veth', 'peer', 'name', 'net2');
  inPod('route', 'add', 'default', 'via', '10.77.0.1');
}

function configOf(containerd: Containerd, runsc: RunscPod, socket: string): string {
  return `extensions:
  workload_observer:
    containerd_state_directories: [${containerd.state}]
    sandbox_image: ${IMAGES.pause}
receivers:
  cgroup: {collection_interval: 0s, include: ['/sandgauge-${process.pid}-*/**']}
  runsc: {collection_interval: 0s, roots: ['${runsc.root}']}
exporters:
  cri: {endpoint: 'unix://${socket}', collect_on_scrape: true, max_age: 0s}
  prometheus: {collect_on_scrape: true, max_age: 0s}
service:
  extensions: [workload_observer]
  pipelines:
    metrics:
      receivers: [cgroup, runsc]
      exporters: [cri, prometheus]
`;
}
