import { readdirSync } from 'node:fs';
import { countOf } from '../file/bytes.ts';
import type { FileStore } from '../file/file-store.ts';

/** What <proc>/<pid> tells of one process; undefined is what may not be seen. proc(5). */
export interface ProcessFigures {
  /** Ticks of 10 ms since boot at which it began: with the pid, its identity. */
  readonly startTicks: number;
  readonly threads: number;
  readonly descriptors: number | undefined;
  /** Soft limits; Infinity is unlimited. */
  readonly maxDescriptors: number | undefined;
  readonly maxVirtualBytes: number | undefined;
  readonly virtualBytes: number;
  /** Undefined for a kernel thread. */
  readonly residentBytes: number | undefined;
  /** utime, stime, cutime, cstime in ticks of 10 ms. */
  readonly ticks: Readonly<Record<string, number>>;
  /** The lines of `status` that are sizes, in bytes, and its context switches, by lower-case name. */
  readonly status: Readonly<Record<string, number>>;
  /** The lines of `io` by name; undefined without CAP_SYS_PTRACE. */
  readonly io: Readonly<Record<string, number>> | undefined;
}

const STATUS = /^(Vm\w+|Rss\w+|HugetlbPages|\w+_ctxt_switches):\s+(\d+)( kB)?$/gm;
const KIB = 1024;
/** Fields of `stat` behind the command, of which the third of the file is the first. */
const FIELDS = {
  utime: 11,
  stime: 12,
  cutime: 13,
  cstime: 14,
  threads: 17,
  start: 19,
  virtual: 20,
};

/** Reads the figures of a process; undefined when it is gone. */
export function readProcessFigures(
  proc: string,
  pid: number,
  files: FileStore,
): ProcessFigures | undefined {
  const folder = `${proc}/${pid}`;
  const stat = textOf(`${folder}/stat`, files);
  const status = textOf(`${folder}/status`, files);
  if (stat === undefined || status === undefined) return undefined;
  // The command may hold spaces and brackets: fields are counted from the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (name: keyof typeof FIELDS) => countOf(fields[FIELDS[name]]);
  const sizes = Object.fromEntries(
    [...status.matchAll(STATUS)].map(([, name = '', digits, isSize]) => [
      name.toLowerCase(),
      countOf(digits) * (isSize === undefined ? 1 : KIB),
    ]),
  );
  const limits = textOf(`${folder}/limits`, files) ?? '';
  return {
    startTicks: field('start'),
    threads: field('threads'),
    descriptors: countIn(`${folder}/fd`),
    maxDescriptors: limitOf(limits, 'Max open files'),
    maxVirtualBytes: limitOf(limits, 'Max address space'),
    virtualBytes: field('virtual'),
    residentBytes: sizes.vmrss,
    ticks: {
      ...{ utime: field('utime'), stime: field('stime') },
      ...{ cutime: field('cutime'), cstime: field('cstime') },
    },
    status: sizes,
    io: readIo(`${folder}/io`, files),
  };
}

/** Columns of net/dev by the names that Kata has for them. */
const RECEIVED = ['bytes', 'packets', 'errs', 'drop', 'fifo', 'frame', 'compressed', 'multicast'];
const SENT = ['bytes', 'packets', 'errs', 'drop', 'fifo', 'colls', 'carrier', 'compressed'];
const COLUMNS = [...RECEIVED.map((name) => `recv_${name}`), ...SENT.map((name) => `sent_${name}`)];

/** All sixteen columns of <proc>/<pid>/net/dev by interface; a line that lacks some is left out. */
export function readNetworkColumns(
  proc: string,
  pid: number,
  files: FileStore,
): Map<string, Readonly<Record<string, number>>> {
  const found = new Map<string, Readonly<Record<string, number>>>();
  const text = textOf(`${proc}/${pid}/net/dev`, files) ?? '';
  for (const line of text.split('\n')) {
    const [, name, rest] = /^\s*([^:\s]+):\s*([\d ]+)$/.exec(line) ?? [];
    const values = rest?.trim().split(/ +/) ?? [];
    if (name === undefined || values.length !== COLUMNS.length) continue;
    found.set(name, Object.fromEntries(COLUMNS.map((key, i) => [key, countOf(values[i])])));
  }
  return found;
}

function readIo(path: string, files: FileStore): Record<string, number> | undefined {
  const text = textOf(path, files);
  if (text === undefined) return undefined;
  const lines = [...text.matchAll(/^(\w+): (\d+)$/gm)];
  return Object.fromEntries(lines.map(([, name = '', digits]) => [name, countOf(digits)]));
}

function limitOf(limits: string, name: string): number | undefined {
  const soft = new RegExp(`^${name} +(\\d+|unlimited) `, 'm').exec(limits)?.[1];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : countOf(soft);
}

function countIn(folder: string): number | undefined {
  try {
    return readdirSync(folder).length;
  } catch {
    return undefined;
  }
}

function textOf(path: string, files: FileStore): string | undefined {
  const length = files.readOnce(path);
  return length <= 0 ? undefined : files.buffer.toString('utf8', 0, length);
}
