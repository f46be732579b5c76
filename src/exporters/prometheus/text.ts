import { createPacer } from '../../helper/pacer.ts';
import { numberText, partsOf } from '../../helper/prometheus/parts.ts';
import type { HistogramPoint, SummaryPoint } from '../../pdata/point.ts';
import type { ChunkPool } from './chunks.ts';
import { type Head, headOf } from './head.ts';
import { writeNumber } from './numbers.ts';
import type { Entry, Family } from './store.ts';

const ROOM_FOR_NUMBERS = 64;
const ROWS_BETWEEN_LOOKS = 256;
const [CLOSE, COMMA, SPACE, NEWLINE] = [125, 44, 32, 10];
const END = Buffer.from('# EOF\n');

/** What is printed of a store, and how. */
export interface TextOptions {
  /** Only on-demand points of this collection or a later one. */
  readonly generation: number;
  readonly timestamps: boolean;
  /** OpenMetrics 1.0 instead of text format 0.0.4. */
  readonly openMetrics?: boolean;
  /** Names of any letters, quoted. */
  readonly utf8?: boolean;
}

/**
 * Renders a form of text as a list of buffers. Gives the event loop a turn every few ms.
 * Rows are put together from bytes that are kept per metric and per workload.
 */
export async function renderText(
  families: readonly Family[],
  options: TextOptions,
  pool: ChunkPool,
): Promise<Buffer[]> {
  const { openMetrics = false, utf8 = false } = options;
  const form = utf8 ? 'utf8' : 'legacy';
  const chunks: Buffer[] = [];
  let chunk = pool.take(0);
  let at = 0;
  let rows = 0;
  const pause = createPacer();
  for (const family of families) {
    const head = headOf(family, { openMetrics, utf8 });
    const opening = Buffer.from(head.opening());
    let isFirst = true;
    for (const entry of family.entries.values()) {
      if (entry.generation < options.generation) continue;
      if (isFirst) put(Buffer.from(head.lines));
      isFirst = false;
      if (entry.point.kind === 'number') putRow(opening, head.isQuoted, entry, entry.point.value);
      else put(Buffer.from(complexRows(head, entry, entry.point)));
      if (++rows % ROWS_BETWEEN_LOOKS === 0 && pause.isDue()) await pause.now();
    }
  }
  if (openMetrics) put(END);
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

  function putRow(opening: Uint8Array, isQuoted: boolean, entry: Entry, value: number): void {
    const { point } = entry;
    const identity = entry.identity[form];
    const own = entry.own[form];
    reserve(opening.length + identity.length + own.length + ROOM_FOR_NUMBERS);
    const bytes = chunk;
    bytes.set(opening, at);
    at += opening.length;
    let isFirst = !isQuoted;
    for (const labels of [identity, own]) {
      if (labels.length === 0) continue;
      if (!isFirst) bytes[at++] = COMMA;
      isFirst = false;
      bytes.set(labels, at);
      at += labels.length;
    }
    bytes[at++] = CLOSE;
    bytes[at++] = SPACE;
    at = writeNumber(bytes, at, value);
    if (options.timestamps && point.series.descriptor.timed) {
      bytes[at++] = SPACE;
      at = writeNumber(bytes, at, timeOf(point.time));
    }
    bytes[at++] = NEWLINE;
  }

  /** Milliseconds in the text format, seconds in OpenMetrics. */
  function timeOf(millis: number): number {
    return openMetrics ? Math.round(millis) / 1000 : Math.round(millis);
  }

  function complexRows(head: Head, entry: Entry, point: HistogramPoint | SummaryPoint): string {
    const labels = [entry.identity[form], entry.own[form]].map(String).filter(Boolean);
    const time =
      options.timestamps && point.series.descriptor.timed ? ` ${timeOf(point.time)}` : '';
    const row = (suffix: string, extra: string, value: number) => {
      const inner = [...labels, extra].filter(Boolean).join(',');
      const comma = head.isQuoted && inner !== '' ? ',' : '';
      return `${head.opening(suffix)}${comma}${inner}} ${numberText(value)}${time}\n`;
    };
    const boundText = (value: number) =>
      openMetrics && Number.isInteger(value) ? `${value}.0` : numberText(value);
    return partsOf(point)
      .map(({ suffix, bound, value }) =>
        row(suffix, bound ? `${bound[0]}="${boundText(bound[1])}"` : '', value),
      )
      .join('');
  }
}
