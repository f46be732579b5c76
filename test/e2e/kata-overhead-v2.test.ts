import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { GUEST_AGENT } from '../support/agent.ts';
import { GUEST_TIMEOUT_MILLIS, runGuest } from '../support/guest.ts';
import { SHIM_PROGRAM } from '../support/kata/process.ts';
import { findKernel, findPeer, isMissing } from '../support/peers.ts';

const isSkipped = isMissing('Kata on a host with cgroup v2', {
  qemu: findPeer('qemu-system-x86_64'),
  kernel: findKernel(),
  cpio: findPeer('cpio'),
  busybox: findPeer('busybox'),
});

const ID = 'b1946ac92492d234'.repeat(4);
const SLICE = '/kubepods/pod16b4b963-ffee-4616-812c-a13ed94c0c7f';
const SANDBOX = `${SLICE}/kata_${ID}`;
const OVERHEAD = `/kata_overhead/${ID}`;
/** What the double of a guest says that it used: it must be less than the real process did. */
const GUEST_MILLIS = 300;
const GUEST_BYTES = 4_000_000;

function text(cpuMillis: number): string {
  const modes = ['nice', 'system', 'irq', 'softirq'].map(
    (item) => `kata_guest_cpu_time{cpu="total",item="${item}"} 0`,
  );
  return [
    ...modes,
    `kata_guest_cpu_time{cpu="total",item="user"} ${cpuMillis}`,
    `kata_guest_meminfo{item="mem_total"} ${GUEST_BYTES + 1e6}`,
    'kata_guest_meminfo{item="mem_free"} 1e6\n',
  ].join('\n');
}

const SCRIPT = `
cd /sys/fs/cgroup
echo "+cpu +memory" > cgroup.subtree_control
mkdir kubepods; echo "+cpu +memory" > kubepods/cgroup.subtree_control
P=/sys/fs/cgroup${SLICE}; mkdir $P; echo "+cpu +memory" > $P/cgroup.subtree_control
mkdir kata_overhead; echo "+cpu +memory" > kata_overhead/cgroup.subtree_control
C=/sys/fs/cgroup${SANDBOX}; O=/sys/fs/cgroup${OVERHEAD}; mkdir $C $O
sh -c "echo \\$\\$ > $O/cgroup.procs; dd if=/dev/zero of=/tmp/held bs=1M count=16; exec sleep 1000" &
mkdir -p /run/kata/${ID}; cp /text0 /tmp/text
sh -c "echo \\$\\$ > $C/cgroup.procs; exec /node /shim.cjs /run/kata/${ID}/shim-monitor.sock /tmp/text 32 -id ${ID}" &
SHIM=$!
echo '{"hypervisor":{"hypervisor_type":"dragonball","pid":'$SHIM'}}' > /run/kata/${ID}/state.json
for i in $(seq 60); do [ -S /run/kata/${ID}/shim-monitor.sock ] && break; sleep 0.5; done
${GUEST_AGENT.command} --config /kata.yaml 2>/tmp/agent.log &
scrape() { wget -q -O /tmp/$1 http://localhost:9464/metrics; }
for i in $(seq 60); do scrape m && grep -q kata_guest_meminfo /tmp/m && break; sleep 0.5; done
show() { echo "== $1"; cat $2; }
sleep 2
show before0-cpu $C/cpu.stat; show uptime0 /proc/uptime
scrape first
show after0-cpu $C/cpu.stat; show uptime1 /proc/uptime
sleep 4
cp /text1 /tmp/text
show before-slice $P/cpu.stat; show before-overhead $O/cpu.stat
show before1-cpu $C/cpu.stat; show uptime2 /proc/uptime; show before1-memory $C/memory.current
scrape second
show after1-cpu $C/cpu.stat; show uptime3 /proc/uptime; show after1-memory $C/memory.current
show after-slice $P/cpu.stat; show after-overhead $O/cpu.stat
show slice-memory $P/memory.current; show overhead-memory $O/memory.current
show metrics /tmp/second
show log /tmp/agent.log
echo "== end"
`;

const CONFIG = `
receivers:
  kata: {collection_interval: 0s}
  cgroup: {collection_interval: 0s}
exporters:
  prometheus: {endpoint: "localhost:9464", collect_on_scrape: true}
service:
  pipelines:
    metrics: {receivers: [kata, cgroup], exporters: [prometheus]}
`;

const folder = mkdtempSync(join(tmpdir(), 'sandgauge-kata-v2-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(isSkipped)('a real cgroup v2 kernel', () => {
  test(
    "the overhead and the pod's row lie between what the kernel tells around two reads",
    async () => {
      const files = {
        ...{ 'shim.cjs': SHIM_PROGRAM.replace('[, socket', '[, , socket'), 'kata.yaml': CONFIG },
        ...{ text0: text(0), text1: text(GUEST_MILLIS) },
      };
      for (const [name, content] of Object.entries(files))
        writeFileSync(join(folder, name), content);
      const own = Object.keys(files).map((name) => [`/${name}`, join(folder, name)]);
      const node = { '/node': process.execPath };
      const part = await runGuest(SCRIPT, {
        ...GUEST_AGENT.files,
        ...node,
        ...Object.fromEntries(own),
      });
      const seconds = (name: string) =>
        Number(/usage_usec (\d+)/.exec(part.get(name) ?? '')?.[1]) / 1e6;
      const uptime = (index: number) => Number.parseFloat(part.get(`uptime${index}`) ?? '');
      const value = (name: string) =>
        Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(part.get('metrics') ?? '')?.[1]);
      const guest = GUEST_MILLIS / 1000;
      const least =
        (seconds('before1-cpu') - seconds('after0-cpu') - guest) / (uptime(3) - uptime(0));
      const most =
        (seconds('after1-cpu') - seconds('before0-cpu') - guest) / (uptime(2) - uptime(1));
      const percent = value('kata_shim_pod_overhead_cpu');
      expect(least).toBeGreaterThan(0);
      expect(percent).toBeGreaterThanOrEqual(least * 100);
      expect(percent).toBeLessThanOrEqual(most * 100);
      const memory = ['before1-memory', 'after1-memory'].map((name) => Number(part.get(name)));
      const slack = 4 * 2 ** 20;
      const overhead = value('kata_shim_pod_overhead_memory_in_bytes');
      expect(overhead).toBeGreaterThan(Math.min(...memory) - GUEST_BYTES - slack);
      expect(overhead).toBeLessThan(Math.max(...memory) - GUEST_BYTES + slack);
      expect(overhead).toBeGreaterThan(32 * 2 ** 20);
      const cpu = value('kata_shim_process_cpu_seconds_total');
      expect(cpu).toBeGreaterThanOrEqual(seconds('before1-cpu') - 0.5);
      expect(cpu).toBeLessThanOrEqual(seconds('after1-cpu') + 0.1);
      const row = (name: string) =>
        Number(
          new RegExp(`^${name}\\{.*id="${SLICE}".*\\} (\\S+)$`, 'm').exec(
            part.get('metrics') ?? '',
          )?.[1],
        );
      const pod = row('container_cpu_usage_seconds_total');
      expect(pod).toBeGreaterThanOrEqual(seconds('before-slice') + seconds('before-overhead'));
      expect(pod).toBeLessThanOrEqual(seconds('after-slice') + seconds('after-overhead'));
      expect(seconds('before-overhead')).toBeGreaterThan(0);
      const [ofSlice, beside] = ['slice', 'overhead'].map((of) => Number(part.get(`${of}-memory`)));
      expect(beside).toBeGreaterThan(16 * 2 ** 20);
      const used = row('container_memory_usage_bytes');
      expect(Math.abs(used - (ofSlice ?? 0) - (beside ?? 0))).toBeLessThan(slack);
      expect(part.get('log')).not.toMatch(/\terror\t/);
    },
    GUEST_TIMEOUT_MILLIS,
  );
});
