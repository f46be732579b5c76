import type { DecodedSample, DecodedSeries } from './decode.ts';

/** The samples of each series, by its labels as JSON. */
export type Rows = Map<string, DecodedSample[]>;

/** What remote write demands of a receiver's side: it refuses what is out of order. */
interface Receiver {
  readonly rows: Rows;
  /** Keeps the samples of a series; gives what is wrong with it. */
  accept(series: DecodedSeries): string | undefined;
}

/** Makes one that has nothing. */
export function createReceiver(): Receiver {
  const rows: Rows = new Map();
  return { rows, accept };

  function accept({ labels, samples }: DecodedSeries): string | undefined {
    const key = JSON.stringify(labels);
    const fault = faultOf(labels);
    if (fault !== undefined) return `${fault}: ${key}`;
    const known = rows.get(key) ?? [];
    rows.set(key, known);
    for (const sample of samples) {
      const last = known.at(-1);
      // The same again is what a lost answer brings; Prometheus takes it.
      if (last?.time === sample.time && Object.is(last.value, sample.value)) continue;
      if (last !== undefined && sample.time <= last.time) return `out of order: ${key}`;
      known.push(sample);
    }
    return undefined;
  }
}

function faultOf(labels: DecodedSeries['labels']): string | undefined {
  const names = labels.map(([name]) => name);
  if (!names.every((name, i) => i === 0 || (names[i - 1] as string) < name)) {
    return 'labels are not sorted or not unique';
  }
  if (labels.some(([, value]) => value === '')) return 'a label is empty';
  if (names.some((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))) return 'the name of a label';
  const name = labels.find(([label]) => label === '__name__')?.[1] ?? '';
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name) ? undefined : 'the name';
}
