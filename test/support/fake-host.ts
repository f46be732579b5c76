import { type FakeRoot, makeRoot } from './bundles.ts';

/** A v2 host of a test: a root with /proc and cgroups that can be added. */
export interface FakeHost extends FakeRoot {
  /** Makes a cgroup of processes `pids`; `files` replace or add to the usual ones. */
  cgroup(path: string, pids?: readonly number[], files?: Record<string, string>): void;
  /** Makes a cgroup with a process and CPU time alone, where many are made. */
  bareCgroup(path: string): void;
}

const MEMORY_KEYS = ['anon', 'file', 'inactive_file', 'active_file', 'pgfault', 'pgmajfault'];

/** Makes a host with an empty kubelet tree. */
export function makeHost(): FakeHost {
  const root = makeRoot();
  const options = 'rw - cgroup2 cgroup2 rw';
  root.write('proc/1/mountinfo', `29 24 0:25 / /sys/fs/cgroup ${options}\n`);
  root.write('proc/stat', 'cpu  1 2 3\ncpu0 1 2 3\nbtime 1700000000\n');
  root.write('proc/meminfo', 'MemTotal:       4000000 kB\nSwapTotal:      0 kB\n');
  const host: FakeHost = { ...root, cgroup: addCgroup, bareCgroup };
  for (const path of ['', '/kubepods.slice', '/kubepods.slice/kubepods-burstable.slice']) {
    addCgroup(path);
  }
  return host;

  function bareCgroup(path: string): void {
    root.write(`sys/fs/cgroup${path}/cgroup.events`, 'populated 1\n');
    root.write(`sys/fs/cgroup${path}/cpu.stat`, 'usage_usec 3000000\n');
  }

  function addCgroup(path: string, pids: readonly number[] = [], own = {}): void {
    const files: Record<string, string> = {
      'cgroup.procs': pids.map((pid) => `${pid}\n`).join(''),
      'cgroup.events': `populated ${path.includes('processless') ? 0 : 1}\nfrozen 0\n`,
      'cpu.stat': 'usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\n',
      'cpu.max': 'max 100000\n',
      'cpu.weight': '39\n',
      'memory.current': '2000000\n',
      'memory.max': 'max\n',
      'memory.stat': MEMORY_KEYS.map((key) => `${key} 1000\n`).join(''),
      'pids.current': `${pids.length}\n`,
      'pids.max': 'max\n',
      ...own,
    };
    for (const [name, content] of Object.entries(files)) {
      root.write(`sys/fs/cgroup${path}/${name}`, content);
    }
  }
}

/** The slice of a burstable pod and the scopes in it, under the systemd driver. */
export function podSlice(uid: string): string {
  const name = `kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`;
  return `/kubepods.slice/kubepods-burstable.slice/${name}`;
}
