export const DEVICE = '8:0';
export const MIB = 2 ** 20;

/** What a cgroup of a test has used; `null` leaves the file out. */
export interface Use {
  readonly seconds?: number;
  readonly mebibytes?: number | null;
  readonly threads?: number;
  readonly readBytes?: number;
  readonly pids?: readonly number[];
}

export const V1_MOUNTS = ['cpu,cpuacct', 'memory', 'pids', 'blkio'];

/** The files of a cgroup with that use; on v1 each behind the name of its hierarchy and a bar. */
export function filesOf(version: 1 | 2, path: string, what: Use): Record<string, string> {
  const { seconds = 1, mebibytes = 10, threads = 2, readBytes = 4096, pids = [] } = what;
  const procs = pids.map((pid) => `${pid}\n`).join('');
  const bytes = (mebibytes ?? 0) * MIB;
  return version === 2
    ? {
        'cgroup.procs': procs,
        'cgroup.events': `populated ${path.includes('left') ? 0 : 1}\n`,
        'cpu.stat': `usage_usec ${seconds * 1e6}\nuser_usec ${seconds * 6e5}\nsystem_usec ${seconds * 4e5}\nnr_periods 5\n`,
        'cpu.max': '50000 100000\n',
        'memory.current': `${bytes}\n`,
        'memory.peak': `${bytes}\n`,
        'memory.max': '999424\n',
        'memory.stat': `anon ${bytes / 2}\ninactive_file 4096\npgfault ${seconds * 10}\n`,
        'memory.events': `max 3\noom_kill ${threads}\n`,
        'pids.current': `${threads}\n`,
        'pids.max': '77\n',
        'io.stat': `${DEVICE} rbytes=${readBytes} wbytes=1 rios=1 wios=1\n`,
      }
    : {
        ...Object.fromEntries(V1_MOUNTS.map((each) => [`${each}|cgroup.procs`, procs])),
        'cpu,cpuacct|cpuacct.usage': `${seconds * 1e9}\n`,
        'cpu,cpuacct|cpuacct.stat': `user ${seconds * 60}\nsystem ${seconds * 40}\n`,
        'cpu,cpuacct|cpu.stat': 'nr_periods 5\n',
        'cpu,cpuacct|cpu.cfs_quota_us': '50000\n',
        'memory|memory.usage_in_bytes': `${bytes}\n`,
        'memory|memory.max_usage_in_bytes': `${bytes}\n`,
        'memory|memory.limit_in_bytes': '999424\n',
        'memory|memory.failcnt': '3\n',
        'memory|memory.stat': `total_rss ${bytes / 2}\ntotal_inactive_file 4096\ntotal_pgfault ${seconds * 10}\n`,
        'memory|memory.oom_control': `oom_kill ${threads}\n`,
        'pids|pids.current': `${threads}\n`,
        'pids|pids.max': '77\n',
        'blkio|blkio.throttle.io_service_bytes_recursive': `${DEVICE} Read ${readBytes}\n${DEVICE} Write 1\n${DEVICE} Total ${readBytes + 1}\n`,
      };
}
