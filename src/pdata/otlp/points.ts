import type { HistogramPoint, NumberPoint, Point, SummaryPoint } from '../point.ts';
import { createLabelBlocks, type LabelBlocks } from './blocks.ts';
import {
  fieldSize,
  VARINT,
  varintSize,
  type Wire,
  write64,
  writeDouble,
  writeFixed64,
  writeLength,
  writeNanos,
  writeRaw,
  writeRawDouble,
  writeTag,
  writeVarint,
} from './wire.ts';

/** Field numbers of the data points in opentelemetry/proto/metrics/v1. */
const START = 2;
const TIME = 3;
const NUMBER = { double: 4, int: 6, attributes: 7, flags: 8 } as const;
const HISTOGRAM = { count: 4, sum: 5, counts: 6, bounds: 7, attributes: 9, flags: 10 } as const;
const SUMMARY = { count: 4, sum: 5, quantiles: 6, flags: 8 } as const;
const QUANTILE = { quantile: 1, value: 2 } as const;

const EIGHT = 9;
const QUANTILE_LENGTH = 2 * EIGHT;

/** Blocks of a workload's labels and of a series' own, by the number of the field. */
interface PointBlocks {
  readonly identity: LabelBlocks;
  readonly own: LabelBlocks;
}

const blocksOf = (field: number): PointBlocks => ({
  identity: createLabelBlocks(field),
  own: createLabelBlocks(field),
});
const SEVENTH = blocksOf(NUMBER.attributes);
const NINTH = blocksOf(HISTOGRAM.attributes);

/** The bytes of a data point without its own head. */
export function pointSize(point: Point): number {
  const blocks = point.kind === 'histogram' ? NINTH : SEVENTH;
  const { identity, labels } = point.series;
  const common =
    blocks.identity(identity).length +
    blocks.own(labels).length +
    (point.start > 0 ? 2 * EIGHT : EIGHT) +
    (point.flags > 0 ? 1 + varintSize(point.flags) : 0);
  if (point.kind === 'number') return point.flags === 0 ? common + EIGHT : common;
  const totals = common + 2 * EIGHT;
  if (point.kind === 'summary') {
    return totals + point.quantiles.length * fieldSize(QUANTILE_LENGTH);
  }
  return totals + packedSize(point.counts.length) + packedSize(point.bounds.length);
}

/** Writes a data point; `pointSize` bytes. */
export function writePoint(wire: Wire, point: Point): void {
  if (point.kind === 'number') writeNumber(wire, point);
  else if (point.kind === 'histogram') writeHistogram(wire, point);
  else writeSummary(wire, point);
}

function writeHead(wire: Wire, point: Point, blocks: PointBlocks, flags: number): void {
  const { identity, labels } = point.series;
  writeRaw(wire, blocks.identity(identity));
  writeRaw(wire, blocks.own(labels));
  if (point.start > 0) writeNanos(wire, START, point.start);
  writeNanos(wire, TIME, point.time);
  if (point.flags === 0) return;
  writeTag(wire, flags, VARINT);
  writeVarint(wire, point.flags);
}

/** A point without a recorded value has none. */
function writeNumber(wire: Wire, point: NumberPoint): void {
  writeHead(wire, point, SEVENTH, NUMBER.flags);
  if (point.flags !== 0) return;
  const { value } = point;
  const isInt = point.series.descriptor.valueType === 'int' && Number.isSafeInteger(value);
  if (isInt) writeFixed64(wire, NUMBER.int, value);
  else writeDouble(wire, NUMBER.double, value);
}

function writeHistogram(wire: Wire, point: HistogramPoint): void {
  writeHead(wire, point, NINTH, HISTOGRAM.flags);
  writeFixed64(wire, HISTOGRAM.count, point.count);
  writeDouble(wire, HISTOGRAM.sum, point.sum);
  if (point.counts.length > 0) {
    writeLength(wire, HISTOGRAM.counts, 8 * point.counts.length);
    for (const count of point.counts) write64(wire, count);
  }
  if (point.bounds.length === 0) return;
  writeLength(wire, HISTOGRAM.bounds, 8 * point.bounds.length);
  for (const bound of point.bounds) writeRawDouble(wire, bound);
}

function writeSummary(wire: Wire, point: SummaryPoint): void {
  writeHead(wire, point, SEVENTH, SUMMARY.flags);
  writeFixed64(wire, SUMMARY.count, point.count);
  writeDouble(wire, SUMMARY.sum, point.sum);
  for (const [quantile, value] of point.quantiles) {
    writeLength(wire, SUMMARY.quantiles, QUANTILE_LENGTH);
    writeDouble(wire, QUANTILE.quantile, quantile);
    writeDouble(wire, QUANTILE.value, value);
  }
}

function packedSize(count: number): number {
  return count === 0 ? 0 : fieldSize(8 * count);
}
