import type { FileStore } from '../file/file-store.ts';
import { createKeyTable } from '../file/key-table.ts';
import { type Absentable, closeAll, present, readNumber } from './value.ts';

/** Memory of a cgroup and its descendants: bytes, or counts of events or pages where so named. */
export interface MemoryStats {
  readonly usage: Absentable;
  /** Usage less inactive page cache, never below 0. */
  readonly workingSet: Absentable;
  readonly rss: Absentable;
  readonly cache: Absentable;
  readonly mappedFile: Absentable;
  readonly swap: Absentable;
  readonly kernel: Absentable;
  readonly peak: Absentable;
  readonly activeFile: Absentable;
  readonly inactiveFile: Absentable;
  readonly fileDirty: Absentable;
  readonly fileWriteback: Absentable;
  readonly failures: Absentable;
  /** Page faults of the cgroup's own processes, where the kernel tells them apart (v1). */
  readonly ownFaults: Absentable;
  readonly ownMajorFaults: Absentable;
  readonly faults: Absentable;
  readonly majorFaults: Absentable;
  readonly scannedPages: Absentable;
  readonly stolenPages: Absentable;
  readonly refaultedFilePages: Absentable;
  readonly refaultedAnonPages: Absentable;
  readonly highEvents: Absentable;
  readonly maxEvents: Absentable;
  /** Processes killed for lack of memory; on v2 descendants' too. */
  readonly oomKills: Absentable;
}

/** Reads the memory files of one cgroup. */
export interface MemoryReader {
  read(): MemoryStats;
  close(): void;
}

/** What the v2 root lacks and the host's /proc/meminfo has. */
export type SwapUsed = () => Absentable;

const V2 = createKeyTable([
  'anon',
  'file',
  'kernel',
  'file_mapped',
  'file_dirty',
  'file_writeback',
  'inactive_file',
  'active_file',
  'pgfault',
  'pgmajfault',
  'pgscan',
  'pgsteal',
  'workingset_refault_file',
  'workingset_refault_anon',
]);
const EVENTS = createKeyTable(['high', 'max', 'oom_kill']);
const v2 = new Float64Array(V2.keys.length);
const events = new Float64Array(EVENTS.keys.length);

/**
 * cgroup v2 (kernel Documentation/admin-guide/cgroup-v2.rst). The root has no memory.current,
 * memory.peak, memory.swap.current or memory.events: its usage is anon + file, its swap the host's.
 */
export function openMemoryV2(
  directory: string,
  files: FileStore,
  rootSwap: SwapUsed | undefined,
): MemoryReader {
  const isRoot = rootSwap !== undefined;
  const open = (name: string) => files.open(`${directory}/${name}`);
  const stat = open('memory.stat');
  const current = isRoot ? undefined : open('memory.current');
  const peak = isRoot ? undefined : open('memory.peak');
  const swap = isRoot ? undefined : open('memory.swap.current');
  const eventCounts = isRoot ? undefined : open('memory.events');
  return { read, close: () => closeAll([stat, current, peak, swap, eventCounts]) };

  function read(): MemoryStats {
    V2.parse(files.buffer, stat.read(), v2);
    EVENTS.parse(files.buffer, eventCounts?.read() ?? 0, events);
    const inactiveFile = present(v2[6]);
    const usage = isRoot ? present((v2[0] ?? 0) + (v2[1] ?? 0)) : readNumber(current, files);
    return {
      usage,
      workingSet: workingSet(usage, inactiveFile),
      rss: present(v2[0]),
      cache: present(v2[1]),
      kernel: present(v2[2]),
      mappedFile: present(v2[3]),
      fileDirty: present(v2[4]),
      fileWriteback: present(v2[5]),
      inactiveFile,
      activeFile: present(v2[7]),
      swap: isRoot ? rootSwap() : readNumber(swap, files),
      peak: readNumber(peak, files),
      failures: undefined,
      ownFaults: undefined,
      ownMajorFaults: undefined,
      faults: present(v2[8]),
      majorFaults: present(v2[9]),
      scannedPages: present(v2[10]),
      stolenPages: present(v2[11]),
      refaultedFilePages: present(v2[12]),
      refaultedAnonPages: present(v2[13]),
      highEvents: present(events[0]),
      maxEvents: present(events[1]),
      oomKills: present(events[2]),
    };
  }
}

const V1_KEYS = ['cache', 'rss', 'mapped_file', 'swap', 'active_file', 'inactive_file'];
const FAULTS = ['pgfault', 'pgmajfault', 'total_pgfault', 'total_pgmajfault'];
const HIERARCHICAL = createKeyTable([...V1_KEYS.map((key) => `total_${key}`), ...FAULTS]);
const OWN = createKeyTable([...V1_KEYS, ...FAULTS]);
const OOM_CONTROL = createKeyTable(['oom_kill']);
const v1 = new Float64Array(HIERARCHICAL.keys.length);
const oom = new Float64Array(1);

/** cgroup v1 (kernel Documentation/admin-guide/cgroup-v1/memory.rst). */
export function openMemoryV1(directory: string, files: FileStore): MemoryReader {
  const open = (name: string) => files.open(`${directory}/${name}`);
  const stat = open('memory.stat');
  const current = open('memory.usage_in_bytes');
  const peak = open('memory.max_usage_in_bytes');
  const failcnt = open('memory.failcnt');
  const kernel = open('memory.kmem.usage_in_bytes');
  const oomControl = open('memory.oom_control');
  const mode = open('memory.use_hierarchy');
  const table = readNumber(mode, files) === 0 ? OWN : HIERARCHICAL;
  mode.close();
  return { read, close: () => closeAll([stat, current, peak, failcnt, kernel, oomControl]) };

  function read(): MemoryStats {
    table.parse(files.buffer, stat.read(), v1);
    OOM_CONTROL.parse(files.buffer, oomControl.read(), oom);
    const usage = readNumber(current, files);
    const inactiveFile = present(v1[5]);
    return {
      usage,
      workingSet: workingSet(usage, inactiveFile),
      cache: present(v1[0]),
      rss: present(v1[1]),
      mappedFile: present(v1[2]),
      swap: present(v1[3]),
      activeFile: present(v1[4]),
      inactiveFile,
      kernel: readNumber(kernel, files),
      peak: readNumber(peak, files),
      failures: readNumber(failcnt, files),
      ownFaults: present(v1[6]),
      ownMajorFaults: present(v1[7]),
      faults: present(v1[8]),
      majorFaults: present(v1[9]),
      fileDirty: undefined,
      fileWriteback: undefined,
      scannedPages: undefined,
      stolenPages: undefined,
      refaultedFilePages: undefined,
      refaultedAnonPages: undefined,
      highEvents: undefined,
      maxEvents: undefined,
      oomKills: present(oom[0]),
    };
  }
}

function workingSet(usage: Absentable, inactiveFile: Absentable): Absentable {
  if (usage === undefined || inactiveFile === undefined) return undefined;
  if (!(inactiveFile >= 0 && inactiveFile < Number.POSITIVE_INFINITY)) return undefined;
  return Math.max(0, usage - inactiveFile);
}
