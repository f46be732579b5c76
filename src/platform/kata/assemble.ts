import type { Exposition, FamilyType, Sample } from './exposition.ts';
import type { Head } from './head.ts';

/** Buckets as counts of their own, not cumulative; the last is over the highest bound. */
interface HistogramSample {
  readonly kind: 'histogram';
  readonly count: number;
  readonly sum: number;
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** Quantiles as the source computed them. */
interface SummarySample {
  readonly kind: 'summary';
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly (readonly [number, number])[];
}

/** Rows that belong together, under the name and the labels that they share. */
interface DistributionSample {
  readonly head: Head;
  readonly distribution: HistogramSample | SummarySample;
}

/** The rows of a scrape, those that belong together in one. */
export interface Assembled {
  readonly numbers: readonly Sample[];
  readonly distributions: readonly DistributionSample[];
  /** Histograms and summaries that lack a part or contradict themselves. */
  readonly broken: number;
}

interface Group {
  readonly head: Head;
  readonly type: 'histogram' | 'summary';
  count: number | undefined;
  sum: number | undefined;
  parts: (readonly [number, number])[];
}

interface Part {
  readonly key: string;
  /** The bound of a bucket, or the quantile. */
  readonly at: number;
  readonly role: 'count' | 'sum' | 'point';
}

/**
 * Makes the assembler of one source. A head is looked at once; the heads of histograms and summaries
 * are the same objects from scrape to scrape, as long as one comes with each.
 */
export function createAssembler(): (exposition: Exposition) => Assembled {
  const parts = new WeakMap<Head, Part | 'number'>();
  let heads = new Map<string, Head>();
  return assemble;

  function assemble({ samples, types }: Exposition): Assembled {
    const numbers: Sample[] = [];
    const groups = new Map<string, Group>();
    for (const sample of samples) {
      let part = parts.get(sample.head);
      if (part === undefined) {
        part = partOf(sample.head, types) ?? 'number';
        parts.set(sample.head, part);
      }
      if (part === 'number') numbers.push(sample);
      else add(groups, part, sample, types);
    }
    heads = new Map([...groups].map(([key, { head }]) => [key, head]));
    return { numbers, ...finish(groups) };
  }

  function add(
    groups: Map<string, Group>,
    { key, at, role }: Part,
    { head, value }: Sample,
    types: ReadonlyMap<string, FamilyType>,
  ): void {
    let group = groups.get(key);
    if (group === undefined) {
      const own = heads.get(key) ?? groupHead(head, types);
      const type = types.get(own.name) === 'summary' ? 'summary' : 'histogram';
      group = { head: own, type, count: undefined, sum: undefined, parts: [] };
      groups.set(key, group);
    }
    if (role === 'point') group.parts.push([at, value]);
    else group[role] = value;
  }
}

const SUFFIX = /_(bucket|count|sum)$/;

/** The family that a row belongs to: its own name, or without the suffix that its type adds. */
function familyOf(name: string, types: ReadonlyMap<string, FamilyType>): string {
  const base = name.replace(SUFFIX, '');
  const type = types.get(base);
  const isPart = type === 'histogram' || (type === 'summary' && !name.endsWith('_bucket'));
  return base !== name && isPart ? base : name;
}

function partOf(head: Head, types: ReadonlyMap<string, FamilyType>): Part | undefined {
  const family = familyOf(head.name, types);
  const type = types.get(family);
  if (type !== 'histogram' && type !== 'summary') return undefined;
  const key = JSON.stringify([family, Object.entries(groupHead(head, types).labels).sort()]);
  const suffix = family === head.name ? '' : (SUFFIX.exec(head.name)?.[1] ?? '');
  if (suffix === 'count' || suffix === 'sum') return { key, at: 0, role: suffix };
  const at = type === 'histogram' ? head.labels.le : head.labels.quantile;
  return { key, at: boundOf(at), role: 'point' };
}

function boundOf(text: string | undefined): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return text === undefined || text.trim() === '' ? Number.NaN : Number(text);
}

function groupHead(head: Head, types: ReadonlyMap<string, FamilyType>): Head {
  const { le: _, quantile: __, ...labels } = head.labels;
  return { name: familyOf(head.name, types), labels: Object.freeze(labels) };
}

function finish(groups: ReadonlyMap<string, Group>): Omit<Assembled, 'numbers'> {
  const distributions: DistributionSample[] = [];
  let broken = 0;
  for (const group of groups.values()) {
    const distribution = distributionOf(group);
    if (distribution === undefined) broken++;
    else distributions.push({ head: group.head, distribution });
  }
  return { distributions, broken };
}

function distributionOf({
  type,
  count,
  sum,
  parts,
}: Group): DistributionSample['distribution'] | undefined {
  if (!isCount(count) || sum === undefined || !Number.isFinite(sum)) return undefined;
  if (parts.some(([at]) => Number.isNaN(at))) return undefined;
  if (type === 'histogram') {
    const buckets = bucketsOf(parts, count);
    return buckets && { kind: type, count, sum, ...buckets };
  }
  const quantiles = parts.filter(([, value]) => Number.isFinite(value)).sort(byBound);
  return { kind: type, count, sum, quantiles };
}

/** Undefined when the cumulative counts go down, or past the count of all. */
function bucketsOf(
  parts: (readonly [number, number])[],
  count: number,
): Pick<HistogramSample, 'bounds' | 'counts'> | undefined {
  const finite = parts.filter(([at]) => Number.isFinite(at)).sort(byBound);
  let below = 0;
  const counts: number[] = [];
  for (const [, value] of [...finite, [Number.POSITIVE_INFINITY, count] as const]) {
    if (!isCount(value) || value < below) return undefined;
    counts.push(value - below);
    below = value;
  }
  return { bounds: finite.map(([at]) => at), counts };
}

function byBound(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0];
}

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
