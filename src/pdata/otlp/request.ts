import type { Point } from '../point.ts';
import { encodeField, metricBlock, resourceBlock, textField } from './blocks.ts';
import {
  append,
  type Chains,
  clearChains,
  createChains,
  findPlace,
  links,
  type News,
  NONE,
} from './chains.ts';
import { pointSize, writePoint } from './points.ts';
import { createWire, fieldSize, type Wire, writeLength, writeRaw } from './wire.ts';

/** An encoded ExportMetricsServiceRequest (opentelemetry/proto/collector/metrics/v1). */
export interface EncodedRequest {
  readonly bytes: Buffer;
  /** Points in it. */
  readonly points: number;
}

/** Who made the points: the InstrumentationScope of a request. */
export const SCOPE = { name: 'sandgauge', version: '' } as const;

const REQUEST_RESOURCE_METRICS = 1;
const RESOURCE_METRICS = { scopeMetrics: 2 } as const;
const SCOPE_METRICS = { scope: 1, metrics: 2 } as const;
const DATA_POINTS = 1;
const SCOPE_BLOCK = encodeField(
  SCOPE_METRICS.scope,
  Buffer.concat([textField(1, SCOPE.name), textField(2, SCOPE.version)]),
);
/** Heads of nested messages: a tag and at most four bytes of length each. */
const HEADS = 3 * 5;

/**
 * Encodes points into requests of at most `maxBytes` each; a single point that is larger has one of
 * its own. Points of a resource and of a metric stand together. `allocate` gives buffers of exactly
 * the size asked for.
 */
export function encodeRequests(
  points: readonly Point[],
  maxBytes: number,
  allocate?: (size: number) => Buffer,
): EncodedRequest[] {
  const chains = createChains(points);
  const requests: EncodedRequest[] = [];
  let from = 0;
  let bound = 0;
  for (let i = 0; i < points.length; i++) {
    const point = points[i] as Point;
    const size = pointSize(point);
    const bytes = fieldSize(size);
    let heads = headsOf(point, findPlace(chains, point));
    if (i > from && bound + heads + bytes > maxBytes) {
      requests.push(encode(chains, i - from, allocate));
      clearChains(chains);
      from = i;
      bound = 0;
      heads = headsOf(point, findPlace(chains, point));
    }
    append(chains, i, size, bytes);
    bound += heads + bytes;
  }
  if (points.length > from) requests.push(encode(chains, points.length - from, allocate));
  return requests;
}

/** What a metric of its own costs, and a resource of its own. */
function headsOf({ series }: Point, news: News): number {
  if (news === 'nothing') return 0;
  const { head, tail } = metricBlock(series.descriptor);
  const metric = head.length + tail.length + HEADS;
  if (news === 'metric') return metric;
  return metric + resourceBlock(series.resource).length + SCOPE_BLOCK.length + HEADS;
}

/** Encodes what is in the chains: first the lengths of all that is nested, then the bytes. */
function encode(
  chains: Chains,
  points: number,
  allocate?: (size: number) => Buffer,
): EncodedRequest {
  const { firstGroup, nextGroup } = links();
  const blocks = [...chains.metrics.keys()].map(metricBlock);
  const scopeBytes: number[] = [];
  let total = 0;
  for (const [resource, at] of chains.resources) {
    let bytes = SCOPE_BLOCK.length;
    for (let group = firstGroup[at] as number; group !== NONE; group = nextGroup[group] as number) {
      bytes += fieldSize(metricSize(group, blocks));
    }
    scopeBytes.push(bytes);
    total += fieldSize(resourceBlock(resource).length + fieldSize(bytes));
  }
  const wire = createWire(total, allocate);
  for (const [resource, at] of chains.resources) {
    const block = resourceBlock(resource);
    const bytes = scopeBytes[at] as number;
    writeLength(wire, REQUEST_RESOURCE_METRICS, block.length + fieldSize(bytes));
    writeRaw(wire, block);
    writeLength(wire, RESOURCE_METRICS.scopeMetrics, bytes);
    writeRaw(wire, SCOPE_BLOCK);
    for (let group = firstGroup[at] as number; group !== NONE; group = nextGroup[group] as number) {
      writeGroup(wire, chains.points, group, blocks);
    }
  }
  return { bytes: wire.bytes, points };
}

type Blocks = readonly ReturnType<typeof metricBlock>[];

function metricSize(group: number, blocks: Blocks): number {
  const { metric, groupBytes } = links();
  const { head, tail } = blocks[metric[group] as number] as Blocks[number];
  return head.length + fieldSize((groupBytes[group] as number) + tail.length);
}

/** One metric of one resource. */
function writeGroup(wire: Wire, points: readonly Point[], group: number, blocks: Blocks): void {
  const { metric, groupBytes, firstPoint, nextPoint, pointBytes } = links();
  const { head, data, tail } = blocks[metric[group] as number] as Blocks[number];
  writeLength(wire, SCOPE_METRICS.metrics, metricSize(group, blocks));
  writeRaw(wire, head);
  writeLength(wire, data, (groupBytes[group] as number) + tail.length);
  for (let i = firstPoint[group] as number; i !== NONE; i = nextPoint[i] as number) {
    writeLength(wire, DATA_POINTS, pointBytes[i] as number);
    writePoint(wire, points[i] as Point);
  }
  writeRaw(wire, tail);
}
