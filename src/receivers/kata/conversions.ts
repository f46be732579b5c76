import type { Labels } from '../../pdata/series.ts';
import type { Head } from '../../platform/kata/head.ts';
import type { KataRuntime } from '../../platform/kata/state.ts';

/** What a row becomes: one spelling and one unit, whichever program wrote it. */
interface Converted {
  readonly name: string;
  readonly labels: Labels;
  /** Undefined is a value that stands for none. */
  convert(value: number): number | undefined;
}

/** Who wrote the rows, and where. */
export interface Emitter {
  readonly runtime: KataRuntime;
  /** Of the cgroup in which the sandbox' CPU is counted: the Go shim mixes units on 2. */
  readonly cgroupVersion: 1 | 2;
  readonly pageBytes: number | undefined;
}

/** Labels of a workload, which kata-monitor adds and which we set ourselves. */
const SET_BY_US = ['sandbox_id', 'cri_uid', 'cri_name', 'cri_namespace'];
/** USER_HZ, fixed at 100 by the kernel's ABI. */
const TICKS_PER_SECOND = 100;
const MILLIS = 1000;
const KIB = 1024;
const SENTINEL = 2 ** 62;
const SPELLINGS: Readonly<Record<string, string>> = {
  readbytes: 'read_bytes',
  writebytes: 'write_bytes',
  cancelledwritebytes: 'cancelled_write_bytes',
};
/** Lines of meminfo and status that the kernels of Kata do not have and that encoders give as 0. */
const ABSENT_IF_ZERO = /^(?:high_total|high_free|low_total|low_free|mmap_copy|quicklists|vmpmd)$/;
const SIZE = /^(?:vm|rss|hugetlbpages)/;
const TIME = /^(?:weighted_)?time_/;

/** The name that a row has beside those of other programs: as kata-monitor renames it. */
export function nameOf(name: string): string {
  return /^(?:go|process)_/.test(name) ? `kata_shim_${name}` : name;
}

/** Labels without those that are ours. */
export function ownLabels({ labels }: Head): Labels {
  const entries = Object.entries(labels);
  if (!entries.some(([label]) => SET_BY_US.includes(label))) return labels;
  return Object.freeze(Object.fromEntries(entries.filter(([label]) => !SET_BY_US.includes(label))));
}

/** False for what stands for none: NaN, a difference that wrapped, "no limit". */
export function isTold(value: number): boolean {
  return value >= 0 && value < SENTINEL;
}

/** Looks at a row once; `convert` is for each of its values. */
export function conversionOf(head: Head, emitter: Emitter): Converted {
  const name = nameOf(head.name);
  const { item = '' } = head.labels;
  const labels = ownLabels(head);
  const spelling = name.endsWith('_io_stat') ? SPELLINGS[item] : undefined;
  const scale = scaleOf(name, item, emitter);
  const skipsZero = ABSENT_IF_ZERO.test(item);
  return {
    name,
    labels: spelling === undefined ? labels : Object.freeze({ ...labels, item: spelling }),
    convert(value) {
      if (!isTold(value) || scale === undefined || (skipsZero && value === 0)) return undefined;
      return scale(value);
    },
  };
}

type Scale = (value: number) => number;

/** Undefined for a row that cannot be right. */
function scaleOf(name: string, item: string, emitter: Emitter): Scale | undefined {
  switch (name) {
    case 'kata_agent_proc_status':
      return SIZE.test(item) ? times(KIB) : same;
    case 'kata_shim_proc_status':
      return SIZE.test(item) && emitter.runtime === 'rs' ? times(KIB) : same;
    case 'kata_agent_proc_stat':
    case 'kata_shim_proc_stat':
    case 'kata_hypervisor_proc_stat':
    case 'kata_virtiofsd_proc_stat':
      return (value) => value / TICKS_PER_SECOND;
    case 'kata_guest_cpu_time':
      return (value) => value / MILLIS;
    case 'kata_guest_diskstat':
      return TIME.test(item) ? (value) => value / MILLIS : same;
    case 'kata_shim_pod_overhead_cpu':
      return emitter.cgroupVersion === 2 ? undefined : same;
    case 'kata_ctl_monitor_process_resident_memory_bytes':
      return emitter.pageBytes === undefined ? undefined : times(emitter.pageBytes);
    default:
      return same;
  }
}

function same(value: number): number {
  return value;
}

function times(factor: number): Scale {
  return (value) => value * factor;
}
