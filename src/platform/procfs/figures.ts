import { readdirSync } from 'node:fs';
import { countOf } from '../file/bytes.ts';
import type { FileStore } from '../file/file-store.ts';
import { readTextOnce } from '../file/text.ts';
import { parseStat } from './process.ts';

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
/** Where `parseStat` has them. */
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
  const stat = readTextOnce(`${folder}/stat`, files);
  const status = readTextOnce(`${folder}/status`, files);
  if (stat === undefined || status === undefined) return undefined;
  const fields = parseStat(stat);
  const field = (name: keyof typeof FIELDS) => countOf(fields[FIELDS[name]]);
  const sizes = Object.fromEntries(
    [...status.matchAll(STATUS)].map(([, name = '', digits, isSize]) => [
      name.toLowerCase(),
      countOf(digits) * (isSize === undefined ? 1 : KIB),
    ]),
  );
  const limits = readTextOnce(`${folder}/limits`, files) ?? '';
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

function readIo(path: string, files: FileStore): Record<string, number> | undefined {
  const text = readTextOnce(path, files);
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
