import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Who writes a text: the shims of both runtimes, and both monitors. */
export type Emitter = 'go' | 'rs' | 'kata-monitor' | 'kata-ctl';

/** A row of a text, under the name and in the unit of its emitter. */
export interface WrittenRow {
  /** As kata-monitor has it: with kata_shim_ before the Go client's own. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly labels: Readonly<Record<string, string>>;
  /** Of a histogram or summary the count. */
  readonly value: number;
}

interface Entry {
  readonly name: string;
  readonly type: WrittenRow['type'];
  readonly from: string;
  readonly labels: Readonly<Record<string, readonly string[] | Record<string, readonly string[]>>>;
}

const TABLE = join(import.meta.dirname, '../../fixtures/kata/series.json');
/** Every name of Kata's tables, with its labels, by what its programs write. */
export const TABLED: readonly Entry[] = JSON.parse(readFileSync(TABLE, 'utf8'));
const STEP = 1000;

/** All that an emitter writes, each row with a value of its own; `names` adds what nobody writes. */
export function writeExposition(
  emitter: Emitter,
  names: readonly string[] = [],
): { text: string; rows: WrittenRow[] } {
  const rows: WrittenRow[] = [];
  const families = TABLED.filter(
    ({ name, from }) => from.split(',').includes(emitter) || names.includes(name),
  ).map(({ name, type, labels }) => {
    const own = combinations(labels, emitter).map((each) => {
      const row = { name, type, labels: each, value: (rows.length + 1) * STEP };
      rows.push(row);
      return row;
    });
    return familyText(name.replace(/^kata_shim_(?=go_|process_)/, ''), own, emitter);
  });
  return { text: families.join(''), rows };
}

function combinations(labels: Entry['labels'], emitter: Emitter): Record<string, string>[] {
  let all: Record<string, string>[] = [{}];
  for (const [label, told] of Object.entries(labels)) {
    const values = Array.isArray(told) ? told : (told as Record<string, string[]>)[emitter];
    all = all.flatMap((each) =>
      (values ?? []).map((value: string) => ({ ...each, [label]: value })),
    );
  }
  return all;
}

function familyText(name: string, rows: readonly WrittenRow[], emitter: Emitter): string {
  const lines = rows.flatMap((row) => rowLines(name, row, emitter));
  return [`# HELP ${name} Help.`, `# TYPE ${name} ${rows[0]?.type}`, ...lines, ''].join('\n');
}

function rowLines(name: string, { type, labels, value }: WrittenRow, emitter: Emitter): string[] {
  const line = (suffix: string, number: number, more: Record<string, string> = {}) => {
    const pairs = Object.entries({ ...labels, ...more }).map(([key, text]) => `${key}="${text}"`);
    const written = emitter === 'go' ? goNumber(number) : String(number);
    return `${name}${suffix}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${written}`;
  };
  if (type === 'summary') {
    const quantiles = [line('', 0.25, { quantile: '0' }), line('', 0.5, { quantile: '1' })];
    return [...quantiles, line('_sum', value / 2), line('_count', value)];
  }
  if (type !== 'histogram') return [line('', value)];
  const buckets = [
    line('_bucket', 100, { le: '1' }),
    line('_bucket', value - 1, { le: '512' }),
    line('_bucket', value, { le: '+Inf' }),
  ];
  return [...buckets, line('_sum', value * 2), line('_count', value)];
}

/** As Go formats floats: with an exponent from a million on. */
function goNumber(value: number): string {
  if (value < 1e6) return String(value);
  const [mantissa, exponent = '0'] = value.toExponential().split('e+');
  return `${mantissa}e+${exponent.padStart(2, '0')}`;
}
