import { readdirSync, readFileSync } from 'node:fs';
import { v1Mounts } from './cgroup-v1.ts';

/** What the kernel's own files say of a v1 cgroup, by row: what each row must lie between. */
export function readKernelRows(id: string): Map<string, number> {
  const rows = new Map<string, number>();
  const stat = keysOf(file('memory', 'memory.stat'));
  const usage = number('memory', 'memory.usage_in_bytes');
  rows.set('container_memory_usage_bytes', usage);
  rows.set('container_memory_working_set_bytes', usage - (stat.get('total_inactive_file') ?? 0));
  rows.set('container_memory_rss', stat.get('total_rss') ?? Number.NaN);
  rows.set('container_memory_cache', stat.get('total_cache') ?? Number.NaN);
  rows.set('container_memory_mapped_file', stat.get('total_mapped_file') ?? Number.NaN);
  rows.set('container_memory_swap', stat.get('total_swap') ?? Number.NaN);
  rows.set('container_memory_max_usage_bytes', number('memory', 'memory.max_usage_in_bytes'));
  rows.set('container_memory_failcnt', number('memory', 'memory.failcnt'));
  rows.set('container_memory_kernel_usage', number('memory', 'memory.kmem.usage_in_bytes'));
  rows.set('container_cpu_usage_seconds_total', number('cpuacct', 'cpuacct.usage') / 1e9);
  const ticks = keysOf(file('cpuacct', 'cpuacct.stat'));
  rows.set('container_cpu_user_seconds_total', (ticks.get('user') ?? Number.NaN) / 100);
  rows.set('container_cpu_system_seconds_total', (ticks.get('system') ?? Number.NaN) / 100);
  const cfs = keysOf(file('cpu', 'cpu.stat'));
  if (number('cpu', 'cpu.cfs_quota_us') > 0) {
    rows.set('container_cpu_cfs_periods_total', cfs.get('nr_periods') ?? Number.NaN);
    rows.set('container_cpu_cfs_throttled_periods_total', cfs.get('nr_throttled') ?? Number.NaN);
    rows.set(
      'container_cpu_cfs_throttled_seconds_total',
      (cfs.get('throttled_time') ?? Number.NaN) / 1e9,
    );
    rows.set('container_spec_cpu_quota', number('cpu', 'cpu.cfs_quota_us'));
  }
  rows.set('container_spec_cpu_period', number('cpu', 'cpu.cfs_period_us'));
  rows.set('container_spec_cpu_shares', number('cpu', 'cpu.shares'));
  rows.set('container_spec_memory_limit_bytes', limit('memory.limit_in_bytes'));
  rows.set('container_spec_memory_reservation_limit_bytes', limit('memory.soft_limit_in_bytes'));
  rows.set(
    'container_oom_events_total',
    keysOf(file('memory', 'memory.oom_control')).get('oom_kill') ?? 0,
  );
  const pids = pidsOf(id);
  rows.set('container_processes', pids.length);
  rows.set('container_threads', number('pids', 'pids.current'));
  const max = file('pids', 'pids.max').trim();
  rows.set('container_threads_max', max === 'max' ? 0 : Number(max));
  const descriptors = pids.map((pid) => readdirSync(`/proc/${pid}/fd`).length);
  rows.set(
    'container_file_descriptors',
    descriptors.reduce((sum, count) => sum + count, 0),
  );
  return rows;

  function file(controller: string, name: string): string {
    return readFileSync(`${v1Mounts().get(controller)}${id}/${name}`, 'utf8');
  }

  function number(controller: string, name: string): number {
    return Number(file(controller, name));
  }

  function limit(name: string): number {
    const value = number('memory', name);
    return value > 2 ** 62 ? 0 : value;
  }
}

/** Processes of the cgroup itself. */
export function pidsOf(id: string): string[] {
  const procs = readFileSync(`${v1Mounts().get('cpu')}${id}/cgroup.procs`, 'utf8');
  return procs.split('\n').filter(Boolean);
}

function keysOf(text: string): Map<string, number> {
  return new Map(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' '))
      .map(([key, value]) => [key ?? '', Number(value)]),
  );
}
