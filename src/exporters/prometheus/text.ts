import { createPacer } from '../../helper/pacer.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import type { HistogramPoint, SummaryPoint } from '../../pdata/point.ts';
import type { ChunkPool } from './chunks.ts';
import { escapeHelp } from './labels.ts';
import { writeNumber } from './numbers.ts';
import type { Entry, Family } from './store.ts';

const ROOM_FOR_NUMBERS = 64;
const ROWS_BETWEEN_LOOKS = 256;
const [OPEN, CLOSE, COMMA, SPACE, NEWLINE] = [123, 125, 44, 32, 10];

/** What is printed of a store. */
export interface TextOptions {
  /** Only on-demand points of this collection or a later one. */
  readonly generation: number;
  readonly timestamps: boolean;
}

/**
 * Renders text format 0.0.4 as a list of buffers. Gives the event loop a turn every few ms.
 * Rows are put together from bytes that are kept per metric and per workload.
 */
export async function renderText(
  families: readonly Family[],
  options: TextOptions,
  pool: ChunkPool,
): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let chunk = pool.take(0);
  let at = 0;
  let rows = 0;
  const pause = createPacer();
  for (const family of families) {
    const name = Buffer.from(family.descriptor.name);
    let isFirst = true;
    for (const entry of family.entries.values()) {
      if (entry.generation < options.generation) continue;
      if (isFirst) put(headOf(family.descriptor));
      isFirst = false;
      if (entry.point.kind === 'number') putRow(name, entry, entry.point.value);
      else put(Buffer.from(complexRows(family.descriptor.name, entry, entry.point)));
      if (++rows % ROWS_BETWEEN_LOOKS === 0 && pause.isDue()) await pause.now();
    }
  }
  chunks.push(chunk.subarray(0, at));
  return chunks;

  function reserve(bytes: number): void {
    if (at + bytes <= chunk.length) return;
    chunks.push(chunk.subarray(0, at));
    chunk = pool.take(bytes);
    at = 0;
  }

  function put(bytes: Uint8Array): void {
    reserve(bytes.length);
    chunk.set(bytes, at);
    at += bytes.length;
  }

  function putRow(name: Uint8Array, entry: Entry, value: number): void {
    const { identity, own, point } = entry;
    reserve(name.length + identity.length + own.length + ROOM_FOR_NUMBERS);
    const bytes = chunk;
    bytes.set(name, at);
    at += name.length;
    bytes[at++] = OPEN;
    bytes.set(identity, at);
    at += identity.length;
    if (own.length > 0) {
      if (identity.length > 0) bytes[at++] = COMMA;
      bytes.set(own, at);
      at += own.length;
    }
    bytes[at++] = CLOSE;
    bytes[at++] = SPACE;
    at = writeNumber(bytes, at, value);
    if (options.timestamps && point.series.descriptor.timed) {
      bytes[at++] = SPACE;
      at = writeNumber(bytes, at, Math.round(point.time));
    }
    bytes[at++] = NEWLINE;
  }
}

function headOf(descriptor: Descriptor): Buffer {
  const { name, help } = descriptor;
  return Buffer.from(`# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${typeOf(descriptor)}\n`);
}

function typeOf(descriptor: Descriptor): string {
  if (descriptor.type !== 'sum') return descriptor.type;
  return descriptor.monotonic ? 'counter' : 'gauge';
}

function complexRows(name: string, entry: Entry, point: HistogramPoint | SummaryPoint): string {
  const labels = [entry.identity, entry.own].filter((bytes) => bytes.length > 0).join(',');
  const row = (suffix: string, extra: string, value: number) =>
    `${name}${suffix}{${[labels, extra].filter(Boolean).join(',')}} ${value}\n`;
  const totals = row('_sum', '', point.sum) + row('_count', '', point.count);
  if (point.kind === 'summary') {
    return point.quantiles.map(([q, v]) => row('', `quantile="${q}"`, v)).join('') + totals;
  }
  let below = 0;
  const buckets = point.counts.map((count, i) => {
    below += count;
    return row('_bucket', `le="${point.bounds[i] ?? '+Inf'}"`, below);
  });
  return buckets.join('') + totals;
}
