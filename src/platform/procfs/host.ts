import { countOf } from '../file/bytes.ts';
import type { RootedPaths } from '../file/rooted.ts';
import { readText } from '../file/text.ts';
import { parseStat } from './process.ts';

/** The last moment that a Date can hold. */
const MAX_MILLIS = 8.64e15;

/** What /proc says of the host as a whole. */
export interface HostFacts {
  /** Online CPUs. */
  readonly cores: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly swapBytes: number | undefined;
  readonly bootMillis: number | undefined;
}

/** Reads /proc/stat and /proc/meminfo (proc(5)). */
export function readHost(paths: RootedPaths): HostFacts {
  const stat = textAt(paths, '/proc/stat') ?? '';
  const boot = /^btime (\d+)$/m.exec(stat);
  const cores = stat.match(/^cpu\d+ /gm)?.length;
  const meminfo = textAt(paths, '/proc/meminfo') ?? '';
  return {
    cores,
    memoryBytes: meminfoBytes(meminfo, 'MemTotal'),
    swapBytes: meminfoBytes(meminfo, 'SwapTotal'),
    bootMillis: boot === null ? undefined : timeOf(Number(boot[1]) * 1000),
  };
}

/** Swap in use on the host, in bytes. */
export function readSwapUsed(paths: RootedPaths): number | undefined {
  const meminfo = textAt(paths, '/proc/meminfo') ?? '';
  const total = meminfoBytes(meminfo, 'SwapTotal');
  const free = meminfoBytes(meminfo, 'SwapFree');
  return total === undefined || free === undefined ? undefined : total - free;
}

/** Processes that the kernel killed for lack of memory since boot: `oom_kill` of /proc/vmstat. */
export function readOomKills(paths: RootedPaths): number | undefined {
  const match = /^oom_kill (\d+)$/m.exec(textAt(paths, '/proc/vmstat') ?? '');
  return match === null ? undefined : countOf(match[1]);
}

/** Threads of the whole host: the count after the slash in /proc/loadavg (proc(5)). */
export function readThreads(paths: RootedPaths): number | undefined {
  const match = /\/(\d+) /.exec(textAt(paths, '/proc/loadavg') ?? '');
  return match === null ? undefined : countOf(match[1]);
}

/** The ids that cAdvisor puts on machine rows; empty where the host does not tell. */
export function readMachineIds(paths: RootedPaths): Record<string, string> {
  const first = (...files: string[]) =>
    files.map((file) => textAt(paths, file)?.trim()).find(Boolean) ?? '';
  return {
    boot_id: first('/proc/sys/kernel/random/boot_id'),
    machine_id: first('/etc/machine-id', '/var/lib/dbus/machine-id'),
    system_uuid: first('/sys/class/dmi/id/product_uuid', '/proc/device-tree/vm,uuid'),
  };
}

/** mountinfo of pid 1, or of this process where that is missing or denied. */
export function readMountinfo(paths: RootedPaths): string | undefined {
  return textAt(paths, '/proc/1/mountinfo') ?? textAt(paths, '/proc/self/mountinfo');
}

/**
 * Whether this process is in a PID namespace below that of <root>/proc: NSpid of proc(5). Cgroup files
 * then tell it other pids than those of <root>/proc, or none: pid_namespaces(7).
 */
export function isBelowPidNamespace(paths: RootedPaths): boolean {
  const status = textAt(paths, '/proc/self/status') ?? '';
  const pids = /^NSpid:(.*)$/m.exec(status)?.[1]?.trim().split(/\s+/) ?? [];
  return pids.length > 1 && Number(pids.at(-1)) === process.pid;
}

/** When a process started, in ms since the epoch: field 22 of /proc/<pid>/stat (proc(5)). */
export function readProcessStart(
  paths: RootedPaths,
  pid: number,
  bootMillis: number,
): number | undefined {
  const stat = textAt(paths, `/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const ticks = Number(parseStat(stat)[19]);
  return ticks >= 0 ? timeOf(bootMillis + ticks * 10) : undefined;
}

/** Undefined for what is no time in ms. */
function timeOf(millis: number): number | undefined {
  return Math.abs(millis) <= MAX_MILLIS ? millis : undefined;
}

function meminfoBytes(meminfo: string, key: string): number | undefined {
  const match = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(meminfo);
  return match === null ? undefined : countOf(match[1]) * 1024;
}

/** A loop of links is no text either. */
function textAt(paths: RootedPaths, path: string): string | undefined {
  try {
    return readText(paths.resolve(path));
  } catch {
    return undefined;
  }
}
