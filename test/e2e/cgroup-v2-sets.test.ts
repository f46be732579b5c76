import { beforeAll, describe, expect, test } from 'vitest';
import { GUEST_AGENT, rowsOf } from '../support/agent.ts';
import { GUEST_TIMEOUT_MILLIS, runGuest } from '../support/guest.ts';
import { compile, findKernel, findPeer, isMissing } from '../support/peers.ts';

const isSkipped = isMissing('sets of cgroup v2 in a guest', {
  qemu: findPeer('qemu-system-x86_64'),
  kernel: findKernel(),
  cpio: findPeer('cpio'),
  busybox: findPeer('busybox'),
  cc: findPeer('cc'),
});

const POD = '/kubepods/burstable/pod16b4b963-ffee-4616-812c-a13ed94c0c7f';
/** Throttled to a fifth of a CPU; never touches the disk. */
const BUSY = `${POD}/7f7f28333bf9a1a5ce8d6980e15856551bd8e7ca9bdc525fd336bf642a250ff6`;
/** Reads and writes the disk, and is short of memory. */
const DISK = `${POD}/5f0b6b29488f2d368ca7b68fab2da9491cb0a6a1a62fef8edcca4a130636e341`;
const ROOT = '/sys/fs/cgroup';

const LIMITS = ['cpu.max', 'cpu.weight', 'memory.max', 'memory.swap.max', 'memory.low'];
const COUNTS = ['memory.events', 'cgroup.procs', 'pids.current', 'pids.max', 'io.stat'];
const PRESSURE = ['cpu.pressure', 'memory.pressure', 'io.pressure'];
const TRUTH = [
  ...[BUSY, DISK, POD].flatMap((id) =>
    [...LIMITS, ...COUNTS, ...PRESSURE].map((file) => `${ROOT}${id}/${file}`),
  ),
  ...['cpu', 'memory', 'io'].map((resource) => `/proc/pressure/${resource}`),
  ...['/proc/diskstats', '/proc/1/net/dev', '/proc/vmstat'],
];

const SCRIPT = `
cd ${ROOT}
enable() { echo "+cpu +memory +pids +io" > $1/cgroup.subtree_control; }
enable .
path=.
for part in ${POD.split('/').filter(Boolean).join(' ')}; do path=$path/$part; mkdir $path; enable $path; done
B=${ROOT}${BUSY}; D=${ROOT}${DISK}
mkdir $B $D
echo "20000 100000" > $B/cpu.max; echo 79 > $B/cpu.weight; echo 134217728 > $B/memory.max
echo 25165824 > $D/memory.max; echo 16777216 > $D/memory.swap.max; echo 100 > $D/pids.max
echo 8388608 > $D/memory.low
within() { cgroup=$1; shift; sh -c 'echo $$ > $0/cgroup.procs; exec "$@"' $cgroup "$@"; }
killed() { within $D /hog 0 64 2>/dev/null; }
within $B /hog 100 16 & within $B sleep 1000 &
ulimit -Sn 512; echo -1000 > /proc/self/oom_score_adj
within $D /disk /dev/vda &
ulimit -Sn 1024; echo 0 > /proc/self/oom_score_adj
start() {
  ${GUEST_AGENT.command} 2>>/tmp/agent.log & agent=$!
  for i in $(seq 60); do wget -q -O /tmp/m http://localhost:9464/metrics && break; sleep 0.5; done
}
truth() {
  read disk < $D/cgroup.procs
  echo "== $1"; grep -H . ${TRUTH.join(' ')}
  echo "descriptors:$(ls /proc/$disk/fd | wc -l)"
  echo "sockets:$(ls -l /proc/$disk/fd | grep -c socket:)"
}
round() {
  ping -q -c 2 10.0.2.2 >/dev/null; truth before$1
  wget -q -O /tmp/m http://localhost:9464/metrics; truth after$1
  echo "== metrics$1"; cat /tmp/m
}
killed; killed; start; sleep 2; round 1
kill $agent; wait $agent; start; round 2
echo "30000 200000" > $B/cpu.max; echo 4194304 > $D/memory.low; echo max > $D/pids.max
echo 1 > $D/memory.oom.group; within $D sh -c '/hog 0 2 & exec /hog 0 64' 2>/dev/null
sleep 1; round 3
echo "== log"; cat /tmp/agent.log
echo "== end"
`;

/** One scrape, and the kernel's own files as they were read before and after it. */
interface Round {
  readonly text: string;
  readonly before: Map<string, string>;
  readonly after: Map<string, string>;
}

/** What `grep -H` printed, by path. */
function filesOf(printed: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const [, path = '', line] of printed.matchAll(/^([^:\n]+):(.*)$/gm)) {
    files.set(path, `${files.get(path) ?? ''}${line}\n`);
  }
  return files;
}

/** The one row of a metric whose labels hold all these parts. */
function rowOf({ text }: Round, metric: string, ...parts: string[]): number | undefined {
  const found = [...rowsOf(text, metric)].filter(([labels]) =>
    parts.every((part) => labels.includes(part)),
  );
  expect(found.length, `${metric} ${parts}`).toBeLessThan(2);
  return found[0]?.[1];
}

const idOf = (id: string) => `id="${id}"`;

describe.skipIf(isSkipped)('events, pressure and I/O of a real cgroup v2 kernel', () => {
  let rounds: Round[] = [];
  let log = '';
  beforeAll(async () => {
    const files = {
      ...GUEST_AGENT.files,
      ...{ '/hog': compile('hog.c'), '/disk': compile('disk.c') },
    };
    const part = await runGuest(SCRIPT, files);
    log = part.get('log') ?? '';
    rounds = [1, 2, 3].map((i) => ({
      text: part.get(`metrics${i}`) ?? '',
      before: filesOf(part.get(`before${i}`) ?? ''),
      after: filesOf(part.get(`after${i}`) ?? ''),
    }));
  }, GUEST_TIMEOUT_MILLIS);

  /** A counter lies between what the kernel said before and after; it is not the 0 of a start. */
  function between(
    metric: string,
    parts: readonly string[],
    path: string,
    value: (text: string) => number,
  ): void {
    for (const round of rounds) {
      const [low, high] = [round.before, round.after].map((files) => value(files.get(path) ?? ''));
      const row = rowOf(round, metric, ...parts);
      expect(row, `${metric} ${path}`).toBeGreaterThanOrEqual(low ?? Number.NaN);
      expect(row, `${metric} ${path}`).toBeLessThanOrEqual(high ?? Number.NaN);
      expect(row, `${metric} ${path}`).toBeGreaterThan(0);
    }
  }

  function key(name: string, unit = 1): (text: string) => number {
    return (text) => Number(new RegExp(`\\b${name}[ =](\\d+)`).exec(text)?.[1]) / unit;
  }

  test('OOM kills are those of the kernel: hierarchical, and the same after a restart', () => {
    for (const id of [DISK, POD]) {
      const path = `${ROOT}${id}/memory.events`;
      between('container_oom_events_total', [idOf(id)], path, key('oom_kill'));
      const kills = rounds.map((round) => rowOf(round, 'container_oom_events_total', idOf(id)));
      expect(kills.slice(0, 2)).toEqual([2, 2]);
      // The last kill is of a whole group: one event of the kernel, more than one process.
      expect(kills[2]).toBeGreaterThan(3);
    }
    between('container_oom_events_total', [idOf('/')], '/proc/vmstat', key('oom_kill'));
    for (const round of rounds) {
      expect(rowOf(round, 'container_oom_events_total', idOf(BUSY))).toBe(0);
    }
  });

  test.each(['cpu', 'memory', 'io'])('%s pressure', (resource) => {
    const suspects: Record<string, string[]> = { cpu: [BUSY], memory: [DISK, POD], io: [DISK] };
    const metric = `container_pressure_${resource}`;
    for (const id of suspects[resource] ?? []) {
      const path = `${ROOT}${id}/${resource}.pressure`;
      between(`${metric}_waiting_seconds_total`, [idOf(id)], path, total('some'));
    }
    const [suspect = ''] = suspects[resource] ?? [];
    const path = `${ROOT}${suspect}/${resource}.pressure`;
    between(`${metric}_stalled_seconds_total`, [idOf(suspect)], path, total('full'));
    const node = `/proc/pressure/${resource}`;
    between(`${metric}_waiting_seconds_total`, [idOf('/')], node, total('some'));
    for (const round of rounds) {
      const stalled = rowOf(round, `${metric}_stalled_seconds_total`, idOf('/'));
      expect(stalled === undefined).toBe(resource === 'cpu');
    }
  });

  const total = (line: string) => (text: string) =>
    Number(new RegExp(`^${line} .*total=(\\d+)`, 'm').exec(text)?.[1]) / 1e6;

  test('disk I/O of a container and of its pod; none of one that did none', () => {
    const rows = {
      container_fs_reads_bytes_total: 'rbytes',
      container_fs_reads_total: 'rios',
      container_fs_writes_bytes_total: 'wbytes',
      container_fs_writes_total: 'wios',
    };
    for (const [metric, name] of Object.entries(rows)) {
      for (const id of [DISK, POD]) {
        const parts = [idOf(id), 'device="/dev/vda"'];
        between(metric, parts, `${ROOT}${id}/io.stat`, key(name));
      }
      for (const round of rounds) expect(rowOf(round, metric, idOf(BUSY))).toBeUndefined();
    }
  });

  test('processes, threads and what they hold open', () => {
    for (const [i, round] of rounds.entries()) {
      const kernel = (id: string, file: string) => round.after.get(`${ROOT}${id}/${file}`)?.trim();
      for (const [id, processes, threads] of [[BUSY, 2, 2] as const, [DISK, 1, 2] as const]) {
        expect(kernel(id, 'cgroup.procs')?.split('\n').length).toBe(processes);
        expect(rowOf(round, 'container_processes', idOf(id))).toBe(processes);
        expect(kernel(id, 'pids.current')).toBe(String(threads));
        expect(rowOf(round, 'container_threads', idOf(id))).toBe(threads);
      }
      expect(rowOf(round, 'container_threads_max', idOf(BUSY))).toBe(0);
      expect(rowOf(round, 'container_threads_max', idOf(DISK))).toBe(i < 2 ? 100 : 0);
      const descriptors = rowOf(round, 'container_file_descriptors', idOf(DISK));
      expect(descriptors).toBe(Number(round.after.get('descriptors')));
      expect(descriptors).toBeGreaterThan(4);
      expect(rowOf(round, 'container_sockets', idOf(DISK))).toBe(1);
      expect(round.after.get('sockets')).toBe('1\n');
      const ulimit = [idOf(DISK), 'ulimit="max_open_files"'];
      expect(rowOf(round, 'container_ulimits_soft', ...ulimit)).toBe(512);
    }
  });

  test('limits as they are, also when they were changed in place', () => {
    for (const [i, round] of rounds.entries()) {
      const spec = (name: string, id: string) => rowOf(round, `container_spec_${name}`, idOf(id));
      const kernel = (id: string, file: string) => round.after.get(`${ROOT}${id}/${file}`)?.trim();
      expect(`${spec('cpu_quota', BUSY)} ${spec('cpu_period', BUSY)}`).toBe(
        kernel(BUSY, 'cpu.max'),
      );
      expect(spec('cpu_quota', BUSY)).toBe(i < 2 ? 20_000 : 30_000);
      // 2,048 shares are weight 79, of which cAdvisor makes 2,046 again.
      expect(spec('cpu_shares', BUSY)).toBe(2046);
      expect(spec('cpu_quota', DISK)).toBeUndefined();
      expect(spec('cpu_period', DISK)).toBe(100_000);
      expect(String(spec('memory_limit_bytes', DISK))).toBe(kernel(DISK, 'memory.max'));
      expect(String(spec('memory_swap_limit_bytes', DISK))).toBe(kernel(DISK, 'memory.swap.max'));
      expect(spec('memory_swap_limit_bytes', BUSY)).toBe(0);
      const reservation = spec('memory_reservation_limit_bytes', DISK);
      expect(String(reservation)).toBe(kernel(DISK, 'memory.low'));
      expect(reservation).toBe(i < 2 ? 8_388_608 : 4_194_304);
    }
  });

  test('the node: whole disks of /proc/diskstats, and its network card', () => {
    const column = (index: number, unit: number) => (text: string) =>
      Number(/ vda (.*)/.exec(text)?.[1]?.split(' ')[index]) * unit;
    const disk = {
      reads_total: column(0, 1),
      reads_bytes_total: column(2, 512),
      sector_reads_total: column(2, 1),
      read_seconds_total: column(3, 1e-3),
      writes_total: column(4, 1),
      writes_bytes_total: column(6, 512),
      sector_writes_total: column(6, 1),
      write_seconds_total: column(7, 1e-3),
      io_time_seconds_total: column(9, 1e-3),
      io_time_weighted_seconds_total: column(10, 1e-3),
    };
    for (const [name, value] of Object.entries(disk)) {
      const parts = [idOf('/'), 'device="/dev/vda"'];
      between(`container_fs_${name}`, parts, '/proc/diskstats', value);
    }
    const network = {
      receive_bytes: 0,
      receive_packets: 1,
      transmit_bytes: 8,
      transmit_packets: 9,
    };
    for (const [name, index] of Object.entries(network)) {
      const value = (text: string) => Number(/eth0: *(.*)/.exec(text)?.[1]?.split(/ +/)[index]);
      const parts = [idOf('/'), 'interface="eth0"'];
      between(`container_network_${name}_total`, parts, '/proc/1/net/dev', value);
    }
    for (const { text } of rounds) expect(text).not.toContain('interface="lo"');
  });

  test('the agent has nothing to complain of', () => {
    expect(log.match(/Everything is ready/g)?.length).toBe(2);
    expect(log).not.toMatch(/\t(warn|error)\t/);
  });
});
