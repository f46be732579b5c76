import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Agent, parseRows, type SampleRow, startAgent } from '../support/agent.ts';
import { v1Mounts } from '../support/cgroup-v1.ts';
import { type Containerd, startContainerd } from '../support/containerd/containerd.ts';
import { type Pod, runPod } from '../support/containerd/pod.ts';
import { findPeer, isMissing } from '../support/peers.ts';
import { type RunscPod, runRunscPod } from '../support/runsc/sandbox.ts';

const isSkipped = isMissing('a node with runc and gVisor pods', {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  containerd: findPeer('containerd'),
  runc: findPeer('runc'),
  runsc: findPeer('runsc'),
  ip: findPeer('ip'),
  busybox: findPeer('busybox'),
});

describe.skipIf(isSkipped)('a node with a runc pod and a gVisor pod', () => {
  let containerd: Containerd;
  let ordinary: Pod;
  let sandboxed: RunscPod;
  let agent: Agent | undefined;

  beforeAll(async () => {
    containerd = await startContainerd({});
    const sleeper = { command: ['/bin/sleep', '100000'] };
    ordinary = await runPod(containerd, 'ordinary', { app: sleeper });
    sandboxed = await runRunscPod('sandboxed', { containers: { app: sleeper, side: sleeper } });
  }, 60_000);

  afterAll(async () => {
    await sandboxed?.stop();
    await ordinary?.remove();
    await containerd?.stop();
  }, 60_000);

  async function read(config: string, more: readonly string[] = []): Promise<SampleRow[]> {
    agent = await startAgent([
      ...['--config', config],
      ...['--set', `receivers.runsc.roots=["${sandboxed.root}"]`],
      ...[
        '--set',
        `extensions.workload_observer.containerd_state_directories=[${containerd.state}]`,
      ],
      ...['--set', 'exporters.prometheus.max_age=0s'],
      ...more,
    ]);
    try {
      await agent.scrape();
      await sleep(2500);
      const text = await agent.scrape();
      expect(agent.log()).not.toMatch(/\terror\t/);
      return parseRows(text);
    } finally {
      await agent.stop();
    }
  }

  test('beside the kubelet: rows of the sandboxed containers, and of nothing else', async () => {
    const rows = await read('config/kubernetes.yaml');
    expect(new Set(rows.map(({ labels }) => labels.pod))).toEqual(new Set(['sandboxed']));
    const used = rows.filter(({ name }) => name === 'container_cpu_usage_seconds_total');
    expect(used.map(({ labels }) => labels.container).sort()).toEqual(['', 'app', 'side']);
    expect(rows.some(({ name }) => name === 'container_memory_rss')).toBe(false);
  });

  const inOnePipeline: string[] = [];
  const inTwo = [
    ...['--set', 'service.pipelines.metrics.receivers=[cgroup]'],
    ...['--set', 'service.pipelines.metrics/runsc.receivers=[runsc]'],
    ...['--set', 'service.pipelines.metrics/runsc.exporters=[prometheus]'],
  ];
  test.each([
    ['in one pipeline', inOnePipeline],
    ['in two pipelines', inTwo],
  ])('instead of it, both receivers %s: one row for each series', async (_, more) => {
    const rows = await read('config/kubernetes-all.yaml', more);
    const keys = rows.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
    expect(new Set(keys).size).toBe(keys.length);
    const idsOf = (metric: string, pod: string) =>
      rows
        .filter(({ name, labels }) => name === metric && labels.pod === pod)
        .map((r) => r.labels.id);
    // The sandbox' own cgroup holds all of it, those of its containers are empty: neither gives a row.
    expect(idsOf('container_memory_rss', 'sandboxed')).toEqual([sandboxed.cgroup]);
    expect(idsOf('container_cpu_usage_seconds_total', 'sandboxed').sort()).toEqual(
      [sandboxed.cgroup, ...Object.keys(sandboxed.ids).map(sandboxed.cgroupOf)].sort(),
    );
    expect(idsOf('container_memory_rss', 'ordinary').sort()).toEqual(
      [ordinary.sandboxId, ordinary.containers.app]
        .map((id) => `${ordinary.cgroup}/${id}`)
        .concat(ordinary.cgroup)
        .sort(),
    );
    const spec = 'container_spec_memory_limit_bytes';
    expect(idsOf(spec, 'sandboxed').sort()).toEqual(
      [sandboxed.cgroup, ...Object.keys(sandboxed.ids).map(sandboxed.cgroupOf)].sort(),
    );
  });
});
