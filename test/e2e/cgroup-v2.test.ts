import { describe, expect, test } from 'vitest';
import { GUEST_AGENT, rowsOf, valueFor } from '../support/agent.ts';
import { GUEST_TIMEOUT_MILLIS, runGuest } from '../support/guest.ts';
import { compile, findKernel, findPeer, isMissing } from '../support/peers.ts';

const isSkipped = isMissing('cgroup v2 in a guest', {
  qemu: findPeer('qemu-system-x86_64'),
  kernel: findKernel(),
  cpio: findPeer('cpio'),
  busybox: findPeer('busybox'),
  cc: findPeer('cc'),
});

const UID = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
const CONTAINER = '7f7f28333bf9a1a5ce8d6980e15856551bd8e7ca9bdc525fd336bf642a250ff6';
const EMPTY = '5f0b6b29488f2d368ca7b68fab2da9491cb0a6a1a62fef8edcca4a130636e341';

const DRIVERS = {
  systemd: {
    pod: `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID.replaceAll('-', '_')}.slice`,
    leaf: (id: string) => `cri-containerd-${id}.scope`,
  },
  cgroupfs: { pod: `/kubepods/burstable/pod${UID}`, leaf: (id: string) => id },
};

function script(pod: string, leaf: string, empty: string): string {
  return `
cd /sys/fs/cgroup
enable() { echo "+cpu +memory +pids" > $1/cgroup.subtree_control; }
enable .
path=.
for part in ${pod.split('/').filter(Boolean).join(' ')}; do path=$path/$part; mkdir $path; enable $path; done
mkdir $path/${leaf} $path/${empty}
C=/sys/fs/cgroup${pod}/${leaf}
echo "20000 100000" > $C/cpu.max; echo 134217728 > $C/memory.max
echo "50000 100000" > /sys/fs/cgroup${pod}/${empty}/cpu.max
sh -c "echo \\$\\$ > $C/cgroup.procs; exec /hog 100 64" &
${GUEST_AGENT.command} 2>/tmp/agent.log &
for i in $(seq 60); do wget -q -O /tmp/m http://localhost:9464/metrics && break; sleep 0.5; done
show() { echo "== $1"; cat $2; }
for round in 1 2; do
  sleep 3
  show before$round-cpu $C/cpu.stat; show before$round-memory $C/memory.current
  show before$round-root /sys/fs/cgroup/cpu.stat
  wget -q -O /tmp/m http://localhost:9464/metrics
  show after$round-cpu $C/cpu.stat; show after$round-memory $C/memory.current
  show after$round-root /sys/fs/cgroup/cpu.stat
  show metrics$round /tmp/m
done
show log /tmp/agent.log
echo "== end"
`;
}

describe.skipIf(isSkipped)('a real cgroup v2 kernel', () => {
  test.each(Object.entries(DRIVERS))(
    'under the names of the %s driver',
    async (_, { pod, leaf }) => {
      const files = { ...GUEST_AGENT.files, '/hog': compile('hog.c') };
      const part = await runGuest(script(pod, leaf(CONTAINER), leaf(EMPTY)), files);
      const id = `${pod}/${leaf(CONTAINER)}`;
      const kernel = (name: string, key: string) =>
        Number(new RegExp(`^${key} (\\d+)`, 'm').exec(part.get(name) ?? '')?.[1]);
      for (const round of [1, 2]) {
        const text = part.get(`metrics${round}`) ?? '';
        const within = (metric: string, row: string, file: string, key: string, unit: number) => {
          const value = valueFor(text, metric, row);
          expect(value, metric).toBeGreaterThanOrEqual(
            kernel(`before${round}-${file}`, key) / unit,
          );
          expect(value, metric).toBeLessThanOrEqual(kernel(`after${round}-${file}`, key) / unit);
        };
        within('container_cpu_usage_seconds_total', id, 'cpu', 'usage_usec', 1e6);
        within('container_cpu_user_seconds_total', id, 'cpu', 'user_usec', 1e6);
        within('container_cpu_cfs_periods_total', id, 'cpu', 'nr_periods', 1);
        within('container_cpu_cfs_throttled_seconds_total', id, 'cpu', 'throttled_usec', 1e6);
        within('container_cpu_usage_seconds_total', '/', 'root', 'usage_usec', 1e6);
        const memory = [`before${round}-memory`, `after${round}-memory`].map((n) =>
          Number(part.get(n)),
        );
        const value = valueFor(text, 'container_memory_usage_bytes', id);
        // Per-CPU charges move by up to 64 pages on each CPU between two reads.
        const slack = 2 * 64 * 4096;
        expect(value).toBeGreaterThanOrEqual(Math.min(...memory) - slack);
        expect(value).toBeLessThanOrEqual(Math.max(...memory) + slack);
        expect(value).toBeGreaterThan(64 * 2 ** 20);
        expect(text).not.toContain(EMPTY);
        const labels = `container="",id="${id}",image="",name="${CONTAINER}",namespace="",pod=""`;
        expect(rowsOf(text, 'container_memory_rss').has(labels)).toBe(true);
        expect(valueFor(text, 'container_memory_working_set_bytes', pod)).toBeGreaterThan(0);
      }
      const [first, second] = [1, 2].map((round) =>
        valueFor(part.get(`metrics${round}`) ?? '', 'container_cpu_usage_seconds_total', id),
      );
      expect(second).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
      expect(part.get('log')).not.toMatch(/\t(warn|error)\t/);
    },
    GUEST_TIMEOUT_MILLIS,
  );
});
