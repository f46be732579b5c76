import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Agent, parseRows, startAgent } from '../support/agent.ts';
import { v1Mounts } from '../support/cgroup-v1.ts';
import { findPeer, isMissing } from '../support/peers.ts';
import { type RunscPod, runRunscPod } from '../support/runsc/sandbox.ts';

const isSkipped = isMissing("writable layers of gVisor's containers", {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  overlayfs: readFileSync('/proc/filesystems', 'utf8').includes('\toverlay\n'),
  runsc: findPeer('runsc'),
  busybox: findPeer('busybox'),
});
const WRITE = ['/bin/sh', '-c', 'dd if=/dev/zero of=/large bs=1000 count=3000; : > /empty'];

async function withPod(
  name: string,
  flags: readonly string[],
  check: (pod: RunscPod, read: () => Promise<Record<string, number>>) => Promise<void>,
): Promise<void> {
  const pod = await runRunscPod(name, { containers: {}, isOverlay: true, flags });
  let agent: Agent | undefined;
  try {
    agent = await startAgent([
      ...['--set', `receivers.runsc.roots=["${pod.root}"]`],
      ...['--set', 'receivers.runsc.writable_layer_interval=0s'],
      ...['--set', `receivers.cgroup.include=["/sandgauge-${process.pid}-*/**"]`],
      ...['--set', 'exporters.prometheus.max_age=0s'],
    ]);
    const { scrape } = agent;
    await check(pod, async () => {
      const rows = parseRows(await scrape()).filter(({ labels }) => labels.name === pod.sandboxId);
      // The sandbox itself is read: else no row would say nothing.
      expect(rows.some((row) => row.name === 'container_cpu_usage_seconds_total')).toBe(true);
      const own = rows.filter((row) => /^container_fs_(usage|limit|inodes)/.test(row.name));
      return Object.fromEntries(own.map((row) => [row.name, row.value]));
    });
  } finally {
    await agent?.stop();
    await pod.stop();
  }
}

describe.skipIf(isSkipped)("writable layers of gVisor's containers", () => {
  test('what is written through to the host is counted there', async () => {
    await withPod('written', [], async (pod, read) => {
      pod.runsc('exec', pod.sandboxId, ...WRITE);
      const du = execFileSync('du', ['-s', '--block-size=1', pod.upper]).toString();
      const files = execFileSync('find', [pod.upper]).toString().trim().split('\n');
      expect(Number.parseInt(du, 10)).toBeGreaterThan(3_000_000);
      await expect.poll(read, { timeout: 10_000 }).toEqual({
        container_fs_usage_bytes: Number.parseInt(du, 10),
        container_fs_limit_bytes: expect.any(Number),
        container_fs_inodes_total: files.length,
      });
    });
  }, 60_000);

  test('what gVisor keeps in memory has no row, for the host has no truth of it', async () => {
    await withPod('memory', ['--overlay2=all:memory'], async (pod, read) => {
      pod.runsc('exec', pod.sandboxId, ...WRITE);
      const du = execFileSync('du', ['-s', '--block-size=1', pod.upper]).toString();
      expect(Number.parseInt(du, 10)).toBeLessThan(100_000);
      for (let i = 0; i < 10; i++) {
        expect(await read()).toEqual({});
        await sleep(100);
      }
    });
  }, 60_000);
});
