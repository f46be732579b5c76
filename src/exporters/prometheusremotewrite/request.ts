import type { ExportRequest } from '../../helper/exporter/request.ts';
import {
  createWire,
  fieldSize,
  VARINT,
  varintSize,
  type Wire,
  writeDouble,
  writeLength,
  writeRaw,
  writeTag,
  writeVarint,
} from '../../pdata/otlp/wire.ts';
import type { Sample } from './rows.ts';

/** Field numbers of prometheus.WriteRequest, TimeSeries and Sample (prompb/remote.proto, types.proto). */
const TIME_SERIES = 1;
const SAMPLES = 2;
const SAMPLE = { value: 1, timestamp: 2 } as const;
const DOUBLE_SIZE = 9;
/** The value field with the one NaN that is Prometheus' stale marker, 0x7ff0000000000002. */
const STALE = Buffer.from('09020000000000f07f', 'hex');

/**
 * Encodes samples into WriteRequests of at most `maxBytes`; a series that is larger has one of its
 * own. Those behind another of their row stand with it. `use` gets bytes that are its own only while
 * it runs.
 */
export function encodeRequests(
  firsts: readonly Sample[],
  maxBytes: number,
  allocate: (size: number) => Buffer,
  use: (bytes: Buffer, points: number) => ExportRequest,
): ExportRequest[] {
  const requests: ExportRequest[] = [];
  let from = 0;
  let total = 0;
  for (const [i, first] of firsts.entries()) {
    const size = fieldSize(seriesSize(first));
    if (i > from && total + size > maxBytes) {
      requests.push(encode(from, i, total));
      from = i;
      total = 0;
    }
    total += size;
  }
  if (firsts.length > from) requests.push(encode(from, firsts.length, total));
  return requests;

  function encode(start: number, end: number, size: number): ExportRequest {
    const wire = createWire(size, allocate);
    let points = 0;
    for (let i = start; i < end; i++) points += writeSeries(wire, firsts[i] as Sample);
    return use(wire.bytes, points);
  }
}

function seriesSize(first: Sample): number {
  let size = first.row.block.length;
  for (let at: Sample | undefined = first; at !== undefined; at = at.next) {
    size += fieldSize(sampleSize(at));
  }
  return size;
}

function sampleSize({ millis }: Sample): number {
  return DOUBLE_SIZE + 1 + varintSize(millis);
}

/** Writes one series; returns the points that it stands for. */
function writeSeries(wire: Wire, first: Sample): number {
  let points = 0;
  writeLength(wire, TIME_SERIES, seriesSize(first));
  writeRaw(wire, first.row.block);
  for (let at: Sample | undefined = first; at !== undefined; at = at.next) {
    writeLength(wire, SAMPLES, sampleSize(at));
    if (at.value === undefined) writeRaw(wire, STALE);
    else writeDouble(wire, SAMPLE.value, at.value);
    writeTag(wire, SAMPLE.timestamp, VARINT);
    writeVarint(wire, at.millis);
    points += at.points;
  }
  return points;
}
