import type { Absentable } from '../../platform/cgroupfs/value.ts';
import type { Member } from './member.ts';

/** Reads figures of one cgroup, pass after pass; undefined when it has none now. */
export interface FiguresReader<Stats> {
  read(pass: number): Stats | undefined;
  close(): void;
}

/** How figures of several cgroups make one. */
export interface Sum<Stats> {
  add(whole: Stats, part: Stats): Stats;
  /** What stays of a cgroup once it is gone: what it counted, now or at the last time that it told. */
  left(stats: Stats, before: Stats | undefined): Stats;
}

/** Figures that are true as sums; all others stay those of the pod's slice. */
interface Additive<Key> {
  readonly counters: readonly Key[];
  readonly gauges: readonly Key[];
  /** What the slice tells and the sum would belie. */
  readonly untold?: readonly Key[];
}

/** A sum figure by figure: absent where one side is. */
export function sumOf<Key extends string, Stats extends { readonly [K in Key]?: Absentable }>({
  counters,
  gauges,
  untold = [],
}: Additive<Key>): Sum<Stats> {
  const summed = [...counters, ...gauges];
  return {
    add(whole, part) {
      const sum: { [K in Key]?: Absentable } = { ...whole };
      for (const key of untold) sum[key] = undefined;
      for (const key of summed) sum[key] = plus(whole[key], part[key]);
      return sum as Stats;
    },
    left(stats, before) {
      const left: { [K in Key]?: Absentable } = { ...stats };
      for (const key of counters) left[key] ??= before?.[key];
      for (const key of gauges) left[key] = 0;
      return left as Stats;
    },
  };
}

function plus(a: Absentable, b: Absentable): Absentable {
  return a === undefined || b === undefined ? undefined : a + b;
}

interface Part<Stats> {
  readonly reader: FiguresReader<Stats>;
  left: Stats | undefined;
}

/**
 * Opens the figures of a cgroup; a pod's with those of its overheads. What an overhead counted stays a
 * part of the pod when it is gone, as the kernel keeps it for children. While one is there and does not
 * tell, the pod has no figures: a part of it is not the pod.
 */
export function openFigures<Stats>(
  member: Member,
  { add, left }: Sum<Stats>,
  open: (member: Member) => FiguresReader<Stats>,
): FiguresReader<Stats> {
  const slice = open(member);
  if (member.workload.kind !== 'pod') return slice;
  const parts = new Map<Member, Part<Stats>>();
  let gone: Stats | undefined;
  return { read, close };

  function read(pass: number): Stats | undefined {
    const overheads = member.overheads();
    for (const [overhead, part] of parts) if (!overheads.has(overhead)) end(overhead, part);
    const own = slice.read(pass);
    if (own === undefined) return undefined;
    let beside = gone;
    for (const overhead of overheads) {
      const part = parts.get(overhead) ?? { reader: open(overhead), left: undefined };
      parts.set(overhead, part);
      const stats = part.reader.read(pass);
      if (stats === undefined && overhead.isPopulated(pass)) return undefined;
      if (stats !== undefined) part.left = left(stats, part.left);
      beside = join(beside, stats ?? part.left);
    }
    return beside === undefined ? own : add(own, beside);
  }

  function end(overhead: Member, { reader, left: counted }: Part<Stats>): void {
    gone = join(gone, counted);
    reader.close();
    parts.delete(overhead);
  }

  function join(a: Stats | undefined, b: Stats | undefined): Stats | undefined {
    return a === undefined || b === undefined ? (a ?? b) : add(a, b);
  }

  function close(): void {
    slice.close();
    for (const { reader } of parts.values()) reader.close();
  }
}
