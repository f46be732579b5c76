import type { Assembled } from '../../platform/kata/assemble.ts';
import type { Sample } from '../../platform/kata/exposition.ts';
import type { Head } from '../../platform/kata/head.ts';
import type { ProcessFigures } from '../../platform/procfs/figures.ts';

/** Values that were read or computed on the host, under the names that Kata has for them. */
export interface HostRows {
  add(name: string, value: number | undefined, labels?: Readonly<Record<string, string>>): void;
  /** What was added since the last time. */
  take(): Assembled;
}

/** Makes the rows of one sandbox; each is the same head at every pass. */
export function createHostRows(): HostRows {
  const heads = new Map<string, Head>();
  let used = new Set<string>();
  let numbers: Sample[] = [];
  return { add, take };

  function add(
    name: string,
    value: number | undefined,
    labels: Readonly<Record<string, string>> = {},
  ): void {
    if (value === undefined) return;
    const key = `${name} ${Object.values(labels).join(' ')}`;
    let head = heads.get(key);
    if (head === undefined) {
      head = { name, labels: Object.freeze({ ...labels }) };
      heads.set(key, head);
    }
    used.add(key);
    numbers.push({ head, value });
  }

  function take(): Assembled {
    const taken = { numbers, distributions: [], broken: 0 };
    for (const key of heads.keys()) if (!used.has(key)) heads.delete(key);
    numbers = [];
    used = new Set();
    return taken;
  }
}

/** Rows that the Go shim always gives: with all of them there is no need to look at its process. */
export const SHIM_HEADS: readonly Head[] = [
  'kata_shim_fds',
  'kata_shim_threads',
  'kata_shim_process_cpu_seconds_total',
  'kata_shim_process_max_fds',
  'kata_shim_process_open_fds',
  'kata_shim_process_resident_memory_bytes',
  'kata_shim_process_start_time_seconds',
  'kata_shim_process_virtual_memory_bytes',
].map((name) => ({ name, labels: Object.freeze({}) }));

/** USER_HZ, fixed at 100 by the kernel's ABI. */
const TICKS_PER_SECOND = 100;
const STATUS_ITEMS =
  /^(?:vm(?:peak|size|lck|pin|hwm|rss|data|stk|exe|lib|pte|pmd|swap)|rss\w+|hugetlbpages|\w+_ctxt_switches)$/;

/** Adds what Kata tells of a process: `family` is such as `kata_shim`. In seconds and bytes. */
export function addProcess(rows: HostRows, family: string, figures: ProcessFigures): void {
  const { ticks, status, io } = figures;
  rows.add(`${family}_threads`, figures.threads);
  rows.add(`${family}_fds`, figures.descriptors);
  for (const [item, value] of Object.entries(ticks)) {
    rows.add(`${family}_proc_stat`, value / TICKS_PER_SECOND, { item });
  }
  for (const [item, value] of Object.entries(status)) {
    if (STATUS_ITEMS.test(item)) rows.add(`${family}_proc_status`, value, { item });
  }
  for (const [item, value] of Object.entries(io ?? {})) {
    rows.add(`${family}_io_stat`, value, { item });
  }
}

/** Adds the rows of a process that the Go client has, which are the shim's only. */
export function addShimProcess(
  rows: HostRows,
  figures: ProcessFigures,
  bootMillis: number | undefined,
): void {
  const { utime = Number.NaN, stime = Number.NaN } = figures.ticks;
  const { maxDescriptors, maxVirtualBytes, startTicks } = figures;
  const row = (name: string, value: number | undefined) =>
    rows.add(`kata_shim_process_${name}`, value);
  row('cpu_seconds_total', (utime + stime) / TICKS_PER_SECOND);
  row('open_fds', figures.descriptors);
  row('max_fds', limitOf(maxDescriptors));
  row('resident_memory_bytes', figures.residentBytes);
  row('virtual_memory_bytes', figures.virtualBytes);
  row('virtual_memory_max_bytes', limitOf(maxVirtualBytes));
  if (bootMillis !== undefined) {
    row('start_time_seconds', bootMillis / 1000 + startTicks / TICKS_PER_SECOND);
  }
}

/** Adds the interfaces of a process' network namespace. */
export function addInterfaces(
  rows: HostRows,
  name: string,
  interfaces: ReadonlyMap<string, Readonly<Record<string, number>>>,
): void {
  for (const [device, values] of interfaces) {
    for (const [item, value] of Object.entries(values)) {
      rows.add(name, value, { interface: device, item });
    }
  }
}

/** No limit is no number. */
function limitOf(value: number | undefined): number | undefined {
  return value === Number.POSITIVE_INFINITY ? undefined : value;
}
