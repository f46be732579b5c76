import type { Point } from '../point.ts';
import { descriptorBlock, encodeField, resourceBlock, textField } from './blocks.ts';
import { createPointOrder, type PointOrder } from './order.ts';
import { pointSize, writePoint } from './points.ts';
import {
  createWire,
  fieldSize,
  VARINT,
  type Wire,
  writeLength,
  writeRaw,
  writeTag,
  writeVarint,
} from './wire.ts';

/** An encoded ExportMetricsServiceRequest (opentelemetry/proto/collector/metrics/v1). */
export interface EncodedRequest {
  readonly bytes: Buffer;
  /** Points in it. */
  readonly points: number;
}

/** Who made the points: the InstrumentationScope of a request. */
export interface Scope {
  readonly name: string;
  readonly version: string;
}

const REQUEST_RESOURCE_METRICS = 1;
const RESOURCE_METRICS = { scopeMetrics: 2 } as const;
const SCOPE_METRICS = { scope: 1, metrics: 2 } as const;
const DATA = { gauge: 5, sum: 7, histogram: 9, summary: 11 } as const;
const DATA_POINTS = 1;
const TEMPORALITY = 2;
const IS_MONOTONIC = 3;
const TEMPORALITIES = { unspecified: 0, delta: 1, cumulative: 2 } as const;
/** Heads of nested messages: a tag and at most four bytes of length each, and two small fields. */
const HEADS = 3 * 5 + 4;
/** Sizes of the points that are encoded, kept between calls as in order.ts. */
let sizes = new Int32Array(1024);

/**
 * Encodes points into requests of at most `maxBytes` each; a single point that is larger has one of
 * its own. Points of a resource and of a metric stand together.
 */
export function encodeRequests(
  points: readonly Point[],
  scope: Scope,
  maxBytes: number,
): EncodedRequest[] {
  const scopeBlock = encodeField(
    SCOPE_METRICS.scope,
    Buffer.concat([textField(1, scope.name), textField(2, scope.version)]),
  );
  const order = createPointOrder(points);
  if (sizes.length < points.length) sizes = new Int32Array(points.length * 2);
  const requests: EncodedRequest[] = [];
  let from = 0;
  let bound = 0;
  for (let i = 0; i < points.length; i++) {
    const point = points[i] as Point;
    const size = pointSize(point);
    sizes[i] = size;
    const bytes = fieldSize(size);
    const heads = headsOf(point, order.add(i), scopeBlock);
    if (i > from && bound + heads + bytes > maxBytes) {
      requests.push(encode(points, order, from, i, scopeBlock));
      from = i;
      order.restart();
      bound = headsOf(point, order.add(i), scopeBlock);
    } else bound += heads;
    bound += bytes;
  }
  if (points.length > from) {
    requests.push(encode(points, order, from, points.length, scopeBlock));
  }
  return requests;
}

/** What a metric of its own costs, and a resource of its own. */
function headsOf({ series }: Point, news: ReturnType<PointOrder['add']>, scope: Buffer): number {
  if (news === 'none') return 0;
  const metric = descriptorBlock(series.descriptor).length + HEADS;
  if (news === 'metric') return metric;
  return metric + resourceBlock(series.resource).length + scope.length + HEADS;
}

/** Encodes the points of [from, to). */
function encode(
  points: readonly Point[],
  order: PointOrder,
  from: number,
  to: number,
  scopeBlock: Buffer,
): EncodedRequest {
  const sorted = order.sorted(from, to);
  const { runs, resourceBytes, total } = measure(points, order, sorted, scopeBlock);
  const wire = createWire(total);
  let resource = -1;
  for (let run = 0; run + 1 < runs.starts.length; run++) {
    const start = runs.starts[run] as number;
    const end = runs.starts[run + 1] as number;
    const first = points[sorted[start] as number] as Point;
    if (runs.resources[run] !== resource) {
      resource = runs.resources[run] as number;
      writeResource(wire, first, resourceBytes[resource] as number, scopeBlock);
    }
    writeMetricHead(wire, first, runs.pointBytes[run] as number);
    for (let at = start; at < end; at++) {
      const i = sorted[at] as number;
      writeLength(wire, DATA_POINTS, sizes[i] as number);
      writePoint(wire, points[i] as Point);
    }
    writeMetricTail(wire, first);
  }
  return { bytes: wire.bytes, points: to - from };
}

/** Runs of points of one metric of one resource; `starts` has one entry more. */
interface Runs {
  readonly starts: number[];
  readonly pointBytes: number[];
  /** Index into the sizes of resources. */
  readonly resources: number[];
}

function measure(
  points: readonly Point[],
  order: PointOrder,
  sorted: Uint32Array,
  scopeBlock: Buffer,
): { runs: Runs; resourceBytes: number[]; total: number } {
  const runs: Runs = { starts: [], pointBytes: [], resources: [] };
  const scopeBytes: number[] = [];
  const resourceBytes: number[] = [];
  let total = 0;
  for (let at = 0; at < sorted.length; ) {
    const first = sorted[at] as number;
    const point = points[first] as Point;
    const isNewResource = at === 0 || !order.isSameResource(first, sorted[at - 1] as number);
    if (isNewResource) scopeBytes.push(scopeBlock.length);
    runs.starts.push(at);
    runs.resources.push(scopeBytes.length - 1);
    let bytes = 0;
    for (; at < sorted.length && order.isSameMetric(first, sorted[at] as number); at++) {
      bytes += fieldSize(sizes[sorted[at] as number] as number);
    }
    runs.pointBytes.push(bytes);
    (scopeBytes[scopeBytes.length - 1] as number) += fieldSize(metricSize(point, bytes));
  }
  runs.starts.push(sorted.length);
  for (let run = 0; run + 1 < runs.starts.length; run++) {
    const resource = runs.resources[run] as number;
    if (resourceBytes.length > resource) continue;
    const { series } = points[sorted[runs.starts[run] as number] as number] as Point;
    const bytes = resourceBlock(series.resource).length + fieldSize(scopeBytes[resource] as number);
    resourceBytes.push(scopeBytes[resource] as number);
    total += fieldSize(bytes);
  }
  return { runs, resourceBytes, total };
}

function writeResource(wire: Wire, { series }: Point, scopeBytes: number, scope: Buffer): void {
  const block = resourceBlock(series.resource);
  writeLength(wire, REQUEST_RESOURCE_METRICS, block.length + fieldSize(scopeBytes));
  writeRaw(wire, block);
  writeLength(wire, RESOURCE_METRICS.scopeMetrics, scopeBytes);
  writeRaw(wire, scope);
}

function metricSize(point: Point, pointBytes: number): number {
  const { descriptor } = point.series;
  return descriptorBlock(descriptor).length + fieldSize(pointBytes + tailSize(point));
}

/** Temporality and monotonicity, which stand behind the points. */
function tailSize({ series }: Point): number {
  const { type, temporality, monotonic } = series.descriptor;
  if (type === 'gauge' || type === 'summary') return 0;
  const temporalityBytes = TEMPORALITIES[temporality] > 0 ? 2 : 0;
  return temporalityBytes + (type === 'sum' && monotonic ? 2 : 0);
}

function writeMetricHead(wire: Wire, point: Point, pointBytes: number): void {
  const { descriptor } = point.series;
  writeLength(wire, SCOPE_METRICS.metrics, metricSize(point, pointBytes));
  writeRaw(wire, descriptorBlock(descriptor));
  writeLength(wire, DATA[descriptor.type], pointBytes + tailSize(point));
}

function writeMetricTail(wire: Wire, { series }: Point): void {
  const { type, temporality, monotonic } = series.descriptor;
  if (type === 'gauge' || type === 'summary') return;
  if (TEMPORALITIES[temporality] > 0) {
    writeTag(wire, TEMPORALITY, VARINT);
    writeVarint(wire, TEMPORALITIES[temporality]);
  }
  if (type !== 'sum' || !monotonic) return;
  writeTag(wire, IS_MONOTONIC, VARINT);
  writeVarint(wire, 1);
}
