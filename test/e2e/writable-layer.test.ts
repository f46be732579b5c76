import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Agent, parseRows, startAgent } from '../support/agent.ts';
import { v1Mounts } from '../support/cgroup-v1.ts';
import { type Containerd, startContainerd } from '../support/containerd/containerd.ts';
import { type Pod, runPod } from '../support/containerd/pod.ts';
import { findPeer, isMissing } from '../support/peers.ts';

const isSkipped = isMissing('writable layers of a real containerd', {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  overlayfs: readFileSync('/proc/filesystems', 'utf8').includes('\toverlay\n'),
  containerd: findPeer('containerd'),
  runc: findPeer('runc'),
  ip: findPeer('ip'),
  busybox: findPeer('busybox'),
});

/** New files, two names of one, a hole, a link, a FIFO, directories, and one of the image removed. */
const WRITE = [
  'dd if=/dev/zero of=/large bs=1000 count=3000',
  'mkdir -p /a/b/c',
  'ln /large /a/again',
  'ln -s /bin /a/bin',
  'dd if=/dev/zero of=/a/hole bs=1 count=1 seek=100000000',
  'mkfifo /a/b/fifo',
  'rm /bin/true',
  'touch /done',
];
const IDLE = 'while :; do sleep 100; done';
const GROW = `echo ready > /ready; while [ ! -e /go ]; do sleep 0.2; done; dd if=/dev/zero of=/grown bs=1000 count=2000; touch /done; ${IDLE}`;

describe.skipIf(isSkipped)('writable layers of a real containerd with overlayfs', () => {
  let containerd: Containerd;
  let agent: Agent;
  let pod: Pod;
  const upperOf = (name: string) => findUpper(pod.containers[name] ?? '');

  beforeAll(async () => {
    containerd = await startContainerd({}, { snapshotter: 'overlayfs' });
    const observer = 'extensions.workload_observer.containerd_state_directories';
    agent = await startAgent([
      ...['--set', `${observer}=[${containerd.state}]`],
      ...['--set', `receivers.cgroup.include=["/", "/sandgauge-${process.pid}-*/**"]`],
      ...['--set', 'receivers.cgroup.writable_layer_interval=1s'],
      ...['--set', 'exporters.prometheus.max_age=0s'],
      ...['--set', 'exporters.prometheus.send_timestamps=true'],
    ]);
    pod = await runPod(containerd, 'layers', {
      writer: { command: ['/bin/sh', '-c', `${WRITE.join('; ')}; ${IDLE}`] },
      grower: { command: ['/bin/sh', '-c', GROW] },
      many: {
        command: [
          ...['/bin/sh', '-c'],
          `mkdir /m; cd /m; i=0; while [ $i -lt 3000 ]; do : > f$i; i=$((i+1)); done; touch /done; ${IDLE}`,
        ],
      },
    });
    for (const name of ['writer', 'many']) await isDone(upperOf(name));
  }, 60_000);

  afterAll(async () => {
    await agent?.stop();
    await pod?.remove();
    await containerd?.stop();
  }, 60_000);

  /** The rows of a container's file system by name, and when it was measured. */
  async function read(name: string): Promise<Record<string, number> & { time?: number }> {
    const text = await agent.scrape();
    const id = `${pod.cgroup}/${pod.containers[name]}`;
    const rows = parseRows(text).filter(
      (row) => row.labels.id === id && /^container_fs_(usage|limit|inodes)/.test(row.name),
    );
    for (const { labels } of rows) {
      expect(labels).toMatchObject({ container: name, pod: 'layers', namespace: 'team' });
      expect(labels.device).toBe(deviceOf(upperOf(name)));
    }
    const line = text.split('\n').find((each) => each.includes(id) && each.includes('fs_usage'));
    const time = line === undefined ? {} : { time: Number(line.split(' ').at(-1)) };
    return { ...Object.fromEntries(rows.map((row) => [row.name, row.value])), ...time };
  }

  /** Waits for a walk that began after now. */
  async function readFresh(name: string) {
    const since = Date.now();
    for (let tries = 0; tries < 100; tries++) {
      const rows = await read(name);
      if ((rows.time ?? 0) > since) return rows;
      await sleep(100);
    }
    throw new Error(`no walk of ${name} in 10 s:\n${agent.log()}`);
  }

  test.each(['writer', 'many'])('%s: the figures are those of du, find and df', async (name) => {
    const upper = upperOf(name);
    const { time, ...rows } = await readFresh(name);
    expect(rows).toEqual({
      container_fs_usage_bytes: du(upper),
      container_fs_limit_bytes: df(upper),
      container_fs_inodes_total: inodes(upper),
    });
    expect(Math.abs((time ?? 0) - Date.now())).toBeLessThan(10_000);
  });

  test('containerd itself counts the same', async () => {
    for (const name of ['writer', 'many']) {
      const args = ['snapshots', '--snapshotter', 'overlayfs', 'usage', '-b'];
      const line = containerd.ctr(...args, pod.containers[name] ?? '').split('\n')[1] ?? '';
      const [, bytes, files] = line.trim().split(/ +/).map(Number);
      const rows = await readFresh(name);
      expect([rows.container_fs_usage_bytes, rows.container_fs_inodes_total]).toEqual([
        ...[bytes, files],
      ]);
    }
  });

  test('hard links count once, holes do not, and what the image holds is not the container own', async () => {
    const rows = await readFresh('writer');
    expect(rows.container_fs_usage_bytes).toBeGreaterThan(3_000_000);
    expect(rows.container_fs_usage_bytes).toBeLessThan(3_200_000);
    // /, large, a, a/b, a/b/c, bin, hole, fifo, done, /bin, the whiteout, and what the runtime makes.
    expect(rows.container_fs_inodes_total).toBeLessThan(25);
    expect((await readFresh('many')).container_fs_inodes_total).toBeGreaterThan(3000);
  });

  test('what is written later shows, what is removed is gone', async () => {
    const upper = upperOf('grower');
    const before = (await readFresh('grower')).container_fs_usage_bytes ?? Number.NaN;
    execFileSync('touch', [`/proc/${pidOf(pod, 'grower')}/root/go`]);
    await isDone(upper);
    const after = (await readFresh('grower')).container_fs_usage_bytes ?? Number.NaN;
    expect(after).toBe(du(upper));
    expect(after - before).toBeGreaterThan(1_900_000);
    execFileSync('rm', [`/proc/${pidOf(pod, 'grower')}/root/grown`]);
    expect((await readFresh('grower')).container_fs_usage_bytes).toBeLessThan(before + 100_000);
  });

  test('a container that is removed has no row, and nothing is said of it', async () => {
    const container_id = pod.containers.many ?? '';
    await containerd.cri.call('RemoveContainer', { container_id });
    expect(await agent.scrape()).not.toContain(container_id);
    await sleep(1500);
    expect(await agent.scrape()).not.toContain(container_id);
    expect(agent.log()).not.toMatch(/layer|File system|\terror\t/);
  });
});

/** The upper directory of the overlay that is mounted for a container, as the kernel tells it. */
function findUpper(id: string): string {
  const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8');
  const line = mountinfo.split('\n').find((each) => each.includes(`/${id}/rootfs `));
  return /upperdir=([^,]*)/.exec(line ?? '')?.[1] ?? `no overlay of ${id}`;
}

async function isDone(upper: string): Promise<void> {
  for (let tries = 0; !existsSync(`${upper}/done`); tries++) {
    if (tries > 200) throw new Error(`nothing is done in ${upper}`);
    await sleep(100);
  }
}

function pidOf({ cgroup, containers }: Pod, name: string): string {
  const path = `${v1Mounts().get('memory')}${cgroup}/${containers[name]}/cgroup.procs`;
  return readFileSync(path, 'utf8').split('\n')[0] ?? '';
}

function du(path: string): number {
  return Number.parseInt(execFileSync('du', ['-s', '--block-size=1', path]).toString(), 10);
}

function df(path: string): number {
  const output = execFileSync('df', ['-B1', '--output=size', path]).toString();
  return Number(output.trim().split('\n')[1]);
}

function deviceOf(path: string): string {
  const args = ['--output=source,target,fstype', path];
  const [source = '', target = '', type] =
    execFileSync('df', args).toString().trim().split('\n')[1]?.split(/ +/) ?? [];
  return type === 'tmpfs' ? target : source;
}

function inodes(path: string): number {
  const output = execFileSync('find', [path, '-printf', '%i\\n']).toString().trim();
  return new Set(output.split('\n')).size;
}
