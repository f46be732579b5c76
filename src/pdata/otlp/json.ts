import type { Descriptor } from '../descriptor.ts';
import { isEnded, type Point } from '../point.ts';
import type { Labels, Resource } from '../series.ts';
import { TEMPORALITIES } from './blocks.ts';
import { type EncodedRequest, SCOPE } from './request.ts';

/** OTLP/JSON of an ExportMetricsServiceRequest: 64-bit integers are texts, enums are numbers. */
export function jsonRequest(points: readonly Point[]): object {
  const groups = new Map<Resource, Map<Descriptor | Point, Point[]>>();
  for (const point of points) {
    const { resource, descriptor } = point.series;
    const metrics = groups.get(resource) ?? new Map<Descriptor | Point, Point[]>();
    groups.set(resource, metrics);
    // As in protobuf, the end of a series stands in a metric of its own.
    const key = isEnded(point) ? point : descriptor;
    const of = metrics.get(key);
    if (of === undefined) metrics.set(key, [point]);
    else of.push(point);
  }
  return {
    resourceMetrics: [...groups].map(([resource, metrics]) => ({
      resource: { attributes: attributesOf(resource.attributes) },
      scopeMetrics: [{ scope: SCOPE, metrics: [...metrics.values()].map(metricOf) }],
    })),
  };
}

/** Encodes points into requests of at most `maxBytes` each, by halves until they are small enough. */
export function jsonRequests(points: readonly Point[], maxBytes: number): EncodedRequest[] {
  if (points.length === 0) return [];
  const bytes = Buffer.from(JSON.stringify(jsonRequest(points)));
  if (bytes.length <= maxBytes || points.length === 1) return [{ bytes, points: points.length }];
  const middle = Math.ceil(points.length / 2);
  return [points.slice(0, middle), points.slice(middle)].flatMap((half) =>
    jsonRequests(half, maxBytes),
  );
}

function metricOf(points: readonly Point[]): object {
  const { descriptor } = (points[0] as Point).series;
  const { name, help, unit, type, temporality, monotonic } = descriptor;
  const dataPoints = points.map(dataPointOf);
  const aggregation = { aggregationTemporality: TEMPORALITIES[temporality] };
  const data = {
    gauge: { dataPoints },
    sum: { dataPoints, ...aggregation, isMonotonic: monotonic },
    histogram: { dataPoints, ...aggregation },
    summary: { dataPoints },
  };
  return { name, description: help, unit, [type]: data[type] };
}

function dataPointOf(point: Point): object {
  const { identity, labels, descriptor } = point.series;
  const head = {
    attributes: [...attributesOf(identity), ...attributesOf(labels)],
    ...(point.start > 0 ? { startTimeUnixNano: nanosOf(point.start) } : {}),
    timeUnixNano: nanosOf(point.time),
    ...(point.flags === 0 ? {} : { flags: point.flags }),
  };
  switch (point.kind) {
    case 'number': {
      if (point.flags !== 0) return head;
      const isInt = descriptor.valueType === 'int' && Number.isSafeInteger(point.value);
      return {
        ...head,
        ...(isInt ? { asInt: String(point.value) } : { asDouble: doubleOf(point.value) }),
      };
    }
    case 'histogram':
      return {
        ...head,
        count: String(point.count),
        sum: doubleOf(point.sum),
        bucketCounts: point.counts.map(String),
        explicitBounds: point.bounds,
      };
    default:
      return {
        ...head,
        count: String(point.count),
        sum: doubleOf(point.sum),
        quantileValues: point.quantiles.map(([quantile, value]) => ({
          quantile,
          value: doubleOf(value),
        })),
      };
  }
}

/** ProtoJSON writes what JSON has no number for as text: "Infinity", "-Infinity", "NaN". */
function doubleOf(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function attributesOf(labels: Labels): object[] {
  return Object.entries(labels).map(([key, value]) => ({ key, value: { stringValue: value } }));
}

function nanosOf(millis: number): string {
  return String(BigInt(Math.round(millis * 1000)) * 1000n);
}
