import { existsSync, readdirSync } from 'node:fs';
import { type CpuReader, openCpuV1, openCpuV2 } from '../../platform/cgroupfs/cpu.ts';
import type { Hierarchies, Mount } from '../../platform/cgroupfs/hierarchies.ts';
import { readCgroupPath } from '../../platform/cgroupfs/process-cgroup.ts';
import { readNumber } from '../../platform/cgroupfs/value.ts';
import type { FileStore, StoredFile } from '../../platform/file/file-store.ts';
import { overheadSandboxOf } from '../../workload/cgroup-path.ts';
import type { GuestFigures } from './guest.ts';

/** What a sandbox costs the host beside what its containers use. */
interface Overhead {
  /** Percent of one core, over the time between two reads. */
  readonly cpuPercent: number | undefined;
  readonly memoryBytes: number | undefined;
}

/** Reads it again and again; a CPU figure comes with the second time. */
export interface OverheadReader {
  /** `time` is when the guest was read, in ms; `pids` are those of the shim and the hypervisor. */
  read(pids: SandboxPids, guest: GuestFigures, time: number): Overhead;
  close(): void;
}

/** With Dragonball both are the same process. */
interface SandboxPids {
  readonly shim: number;
  readonly hypervisor: number;
}

/** Below this the ticks of the guest, of 10 ms, are too coarse. */
const MIN_MILLIS = 1000;
const PERCENT = 100;

interface Used {
  readonly time: number;
  readonly hostSeconds: number;
  readonly guestSeconds: number;
}

/**
 * Makes the reader of a sandbox. The host's side is the cgroups of its processes and threads that bear
 * its id: one, or the sandbox' and that in /kata_overhead. The guest's side is all that its kernel
 * counts but for the agent: its own threads are taken for the containers', so this is the least it is.
 */
export function createOverhead(
  hierarchies: Hierarchies,
  proc: string,
  id: string,
  files: FileStore,
): OverheadReader {
  let cgroups: Cgroups | undefined;
  let before: Used | undefined;
  let percent: number | undefined;
  return { read, close };

  function read(pids: SandboxPids, guest: GuestFigures, time: number): Overhead {
    cgroups ??= openCgroups(hierarchies, pathsOf(hierarchies, proc, id, pids, files), files);
    const host = cgroups?.read();
    if (host === undefined) {
      close();
      return { cpuPercent: undefined, memoryBytes: undefined };
    }
    if (!cgroups?.isWhole) closeCgroups();
    return {
      cpuPercent: cpuOf(host.cpuSeconds, guest, time),
      memoryBytes: memoryOf(host.memoryBytes, guest),
    };
  }

  function cpuOf(host: number | undefined, guest: GuestFigures, time: number): number | undefined {
    const { busySeconds, agentSeconds = 0 } = guest;
    if (host === undefined || busySeconds === undefined) {
      before = undefined;
      percent = undefined;
      return undefined;
    }
    const now = { time, hostSeconds: host, guestSeconds: busySeconds - agentSeconds };
    if (before !== undefined && time - before.time < MIN_MILLIS) return percent;
    percent = before && percentOf(before, now);
    before = now;
    return percent;
  }

  function closeCgroups(): void {
    cgroups?.close();
    cgroups = undefined;
  }

  function close(): void {
    closeCgroups();
    before = undefined;
    percent = undefined;
  }
}

/** Undefined when a counter went back: its source began anew. */
function percentOf(before: Used, now: Used): number | undefined {
  const host = now.hostSeconds - before.hostSeconds;
  const guest = now.guestSeconds - before.guestSeconds;
  if (host < 0 || guest < 0) return undefined;
  return (Math.max(0, host - guest) / (now.time - before.time)) * 1000 * PERCENT;
}

function memoryOf(host: number | undefined, guest: GuestFigures): number | undefined {
  const { usageBytes, agentBytes = 0 } = guest;
  if (host === undefined || usageBytes === undefined) return undefined;
  return Math.max(0, host - Math.max(0, usageBytes - agentBytes));
}

interface Cgroups {
  /** False while nothing is in the sandbox' own: the vCPUs' threads move there once they are up. */
  readonly isWhole: boolean;
  /** Undefined when one of them is gone. */
  read(): { cpuSeconds: number | undefined; memoryBytes: number | undefined } | undefined;
  close(): void;
}

interface Paths {
  readonly cpu: readonly string[];
  readonly memory: readonly string[];
}

function openCgroups(
  hierarchies: Hierarchies,
  paths: Paths | undefined,
  files: FileStore,
): Cgroups | undefined {
  const cpuMount = hierarchies.controller('cpuacct');
  const memoryMount = hierarchies.controller('memory');
  if (paths === undefined || cpuMount === undefined || memoryMount === undefined) return undefined;
  const cpus = paths.cpu.map((path) => openCpu(cpuMount, path, files));
  const memories = paths.memory.map((path) => openMemory(memoryMount, path, files));
  return {
    isWhole: paths.cpu.some((path) => overheadSandboxOf(path) === undefined),
    read() {
      const seconds = cpus.map((cpu) => cpu.read().usageSeconds);
      const bytes = memories.map((memory) => readNumber(memory, files));
      const cpuSeconds = total(seconds);
      const memoryBytes = total(bytes);
      const isGone = cpuSeconds === undefined && memoryBytes === undefined;
      return isGone ? undefined : { cpuSeconds, memoryBytes };
    },
    close() {
      for (const each of [...cpus, ...memories]) each.close();
    },
  };
}

function openCpu({ version, directory }: Mount, path: string, files: FileStore): CpuReader {
  return version === 1
    ? openCpuV1(undefined, `${directory}${path}`, files)
    : openCpuV2(`${directory}${path}`, files);
}

function openMemory({ version, directory }: Mount, path: string, files: FileStore): StoredFile {
  const name = version === 1 ? 'memory.usage_in_bytes' : 'memory.current';
  return files.open(`${directory}${path}/${name}`);
}

function total(values: readonly (number | undefined)[]): number | undefined {
  if (values.length === 0 || values.includes(undefined)) return undefined;
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

/** Undefined when a thread of the hypervisor runs in a cgroup that is not the sandbox'. */
function pathsOf(
  hierarchies: Hierarchies,
  proc: string,
  id: string,
  { shim, hypervisor }: SandboxPids,
  files: FileStore,
): Paths | undefined {
  const threads = threadsOf(proc, hypervisor);
  const find = (controller: string): string[] | undefined => {
    const folder = `${proc}/${hypervisor}/task`;
    const own = threads.flatMap((thread) => {
      const path = readCgroupPath(folder, thread, hierarchies, controller, files);
      const isGone = path === undefined && !existsSync(`${folder}/${thread}`);
      return isGone ? [] : [path];
    });
    if (own.length === 0 || !own.every((path) => isOf(id, path))) return undefined;
    const beside = readCgroupPath(proc, shim, hierarchies, controller, files);
    return distinct([...own, ...(isOf(id, beside) ? [beside] : [])]);
  };
  const cpu = find('cpuacct');
  const memory = find('memory');
  return cpu === undefined || memory === undefined ? undefined : { cpu, memory };
}

/** The last part of the path bears the id: kata_<id>, cri-containerd-<id>.scope, <id>. */
function isOf(id: string, path: string | undefined): boolean {
  return path?.split('/').at(-1)?.includes(id) === true;
}

/** Without those that lie in another: its figures hold theirs. */
function distinct(paths: readonly (string | undefined)[]): string[] {
  const all = [...new Set(paths.filter((path) => path !== undefined))];
  return all.filter((path) => !all.some((other) => path.startsWith(`${other}/`)));
}

function threadsOf(proc: string, pid: number): number[] {
  try {
    return readdirSync(`${proc}/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}
