import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { type FakeHost, makeHost } from '../../support/fake-host.ts';
import { type Observed, runObserved } from '../../support/observed.ts';

const NOW = 1_800_000_000_000;
const LEAF = '/system.slice/kubelet.service';
/** Every file that is read of a cgroup, and of /proc, but those that say which cgroups there are. */
const CGROUP_FILES = [
  ...['cpu.stat', 'cpu.max', 'cpu.weight', 'cpu.pressure', 'io.stat', 'io.pressure', 'pids.max'],
  ...['memory.current', 'memory.stat', 'memory.peak', 'memory.events', 'memory.max', 'memory.low'],
  ...['memory.swap.current', 'memory.swap.max', 'memory.pressure', 'pids.current', 'cgroup.procs'],
];
const PROC_FILES = ['1/net/dev', '7/limits', 'diskstats', 'meminfo', 'vmstat', 'loadavg', 'stat'];

let host: FakeHost | undefined;
let observed: Observed | undefined;
afterEach(() => host?.remove());

const number = fc.constantFrom('0', '7', '-1', '-7', 'max', '1e9', '0x10', 'NaN', 'Infinity');
const huge = fc.constantFrom('18446744073709551615', '9223372036854771712', '99999999999999999999');
const key = fc.constantFrom(
  ...['usage_usec', 'user_usec', 'anon', 'file', 'inactive_file', 'pgfault', 'oom_kill', 'high'],
  ...['8:0 rbytes=', 'wios=', 'cost.usage=', 'some total=', 'full total=', 'eth0:', '8 0 sda'],
  ...['Max open files', 'MemTotal:', 'btime', 'oom_kill', '1.0 1.0 1.0 3/'],
);
const word = fc.oneof(number, huge, key, fc.constantFrom(' ', '\n', '  ', ' kB\n'));
const content = fc.oneof(
  fc.array(fc.tuple(word, fc.constantFrom(' ', '\n', ''))).map((pairs) => pairs.flat().join('')),
  fc.string({ unit: 'binary' }),
);

test('whatever kernel files hold, only numbers of 0 and more leave the receiver', async () => {
  host = makeHost();
  const { path } = host;
  const run = fc.asyncProperty(
    fc.array(content, { minLength: 26, maxLength: 26 }),
    async (texts) => {
      const next = texts[Symbol.iterator]();
      const garbage = Object.fromEntries(
        CGROUP_FILES.map((name) => [name, next.next().value ?? '']),
      );
      host?.cgroup(LEAF, [], garbage);
      for (const name of PROC_FILES) host?.write(`proc/${name}`, next.next().value ?? '');
      const root = `{root_path: ${path}, raw_cgroups: all}`;
      observed = await runObserved({ receiver: root, observer: `root_path: ${path}` }, () => NOW);
      try {
        const rows = await observed.read();
        expect(observed.own('bad points')).toBe(0);
        expect(observed.own('duplicates')).toBe(0);
        expect(rows.some(({ labels }) => labels.id === LEAF)).toBe(true);
      } finally {
        await observed.shutdown();
      }
    },
  );
  await fc.assert(run, { numRuns: 60 });
});
