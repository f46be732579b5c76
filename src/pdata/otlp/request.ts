import type { Descriptor } from '../descriptor.ts';
import type { Point } from '../point.ts';
import type { Resource } from '../series.ts';
import { descriptorBlock, encodeField, resourceBlock, textField } from './blocks.ts';
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

/** Points of one metric in one request, with the sizes of what they become. */
interface MetricGroup {
  readonly descriptor: Descriptor;
  readonly points: Point[];
  pointBytes: number;
}

type Groups = Map<Resource, Map<Descriptor, MetricGroup>>;

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
  const requests: EncodedRequest[] = [];
  let groups: Groups = new Map();
  let bound = 0;
  let count = 0;
  for (const point of points) {
    const { descriptor, resource } = point.series;
    const size = fieldSize(pointSize(point));
    const metrics = groups.get(resource);
    const isNewMetric = metrics?.get(descriptor) === undefined;
    const heads =
      (metrics === undefined ? resourceBlock(resource).length + scopeBlock.length + HEADS : 0) +
      (isNewMetric ? descriptorBlock(descriptor).length + HEADS : 0);
    if (count > 0 && bound + heads + size > maxBytes) {
      requests.push(encode(groups, scopeBlock, count));
      groups = new Map();
      bound = resourceBlock(resource).length + scopeBlock.length + HEADS;
      bound += descriptorBlock(descriptor).length + HEADS;
      count = 0;
    } else bound += heads;
    groupOf(groups, point).pointBytes += size;
    bound += size;
    count++;
  }
  if (count > 0) requests.push(encode(groups, scopeBlock, count));
  return requests;
}

/** Heads of nested messages: a tag and at most four bytes of length each, and two small fields. */
const HEADS = 3 * 5 + 4;

function groupOf(groups: Groups, point: Point): MetricGroup {
  const { descriptor, resource } = point.series;
  let metrics = groups.get(resource);
  if (metrics === undefined) {
    metrics = new Map();
    groups.set(resource, metrics);
  }
  let group = metrics.get(descriptor);
  if (group === undefined) {
    group = { descriptor, points: [], pointBytes: 0 };
    metrics.set(descriptor, group);
  }
  group.points.push(point);
  return group;
}

function encode(groups: Groups, scopeBlock: Buffer, points: number): EncodedRequest {
  const sized = [...groups].map(([resource, metrics]) => {
    const list = [...metrics.values()];
    const metricBytes = list.reduce((sum, group) => sum + fieldSize(metricSize(group)), 0);
    const scopeBytes = scopeBlock.length + metricBytes;
    const resourceBytes = resourceBlock(resource).length + fieldSize(scopeBytes);
    return { resource, list, scopeBytes, resourceBytes };
  });
  const total = sized.reduce((sum, { resourceBytes }) => sum + fieldSize(resourceBytes), 0);
  const wire = createWire(total);
  for (const { resource, list, scopeBytes, resourceBytes } of sized) {
    writeLength(wire, REQUEST_RESOURCE_METRICS, resourceBytes);
    writeRaw(wire, resourceBlock(resource));
    writeLength(wire, RESOURCE_METRICS.scopeMetrics, scopeBytes);
    writeRaw(wire, scopeBlock);
    for (const group of list) writeMetric(wire, group);
  }
  return { bytes: wire.bytes, points };
}

function metricSize(group: MetricGroup): number {
  return descriptorBlock(group.descriptor).length + fieldSize(dataSize(group));
}

function dataSize({ descriptor, pointBytes }: MetricGroup): number {
  const { type, temporality, monotonic } = descriptor;
  if (type === 'gauge' || type === 'summary') return pointBytes;
  const temporalityBytes = TEMPORALITIES[temporality] > 0 ? 2 : 0;
  return pointBytes + temporalityBytes + (type === 'sum' && monotonic ? 2 : 0);
}

function writeMetric(wire: Wire, group: MetricGroup): void {
  const { descriptor, points } = group;
  const { type, temporality, monotonic } = descriptor;
  writeLength(wire, SCOPE_METRICS.metrics, metricSize(group));
  writeRaw(wire, descriptorBlock(descriptor));
  writeLength(wire, DATA[type], dataSize(group));
  for (const point of points) {
    writeLength(wire, DATA_POINTS, pointSize(point));
    writePoint(wire, point);
  }
  if (type === 'gauge' || type === 'summary') return;
  if (TEMPORALITIES[temporality] > 0) {
    writeTag(wire, TEMPORALITY, VARINT);
    writeVarint(wire, TEMPORALITIES[temporality]);
  }
  if (type !== 'sum' || !monotonic) return;
  writeTag(wire, IS_MONOTONIC, VARINT);
  writeVarint(wire, 1);
}
