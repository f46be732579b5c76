import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, InstrumentType } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Descriptor } from '../../src/pdata/descriptor.ts';
import { jsonRequest } from '../../src/pdata/otlp/json.ts';
import { encodeRequests, SCOPE } from '../../src/pdata/otlp/request.ts';
import { endedPoint, numberPoint, type Point } from '../../src/pdata/point.ts';
import { createSeries, type Resource } from '../../src/pdata/series.ts';
import { type DecodedRequest, loadDecoder } from '../support/otlp/decode.ts';

const MEGABYTES = 4 * 2 ** 20;
let decode: (bytes: Uint8Array) => DecodedRequest;
beforeAll(async () => {
  decode = await loadDecoder();
});

const label = fc.string({ unit: 'binary', maxLength: 12 });
const labels = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), label, { maxKeys: 5 });
const descriptor = fc.record({
  name: fc.string({ minLength: 1, maxLength: 20 }),
  help: fc.string(),
  unit: fc.constantFrom('', 'By', 's'),
  type: fc.constantFrom('gauge' as const, 'sum' as const),
  monotonic: fc.boolean(),
  valueType: fc.constantFrom('int' as const, 'double' as const),
});
const time = fc.integer({ min: 1, max: 4_000_000_000_000_000 }).map((micros) => micros / 1000);
const point = fc.record({
  identity: labels,
  own: labels,
  start: time,
  time,
  int: fc.maxSafeInteger(),
  double: fc.double({ noNaN: true }),
});
const metrics = fc.array(fc.tuple(descriptor, fc.array(point, { minLength: 1, maxLength: 4 })), {
  ...{ minLength: 1, maxLength: 5 },
});

type Generated = typeof metrics extends fc.Arbitrary<infer T> ? T : never;

function pointsOf(generated: Generated, resource: Resource): Point[] {
  return generated.flatMap(([each, points]) => {
    const isSum = each.type === 'sum';
    const made: Descriptor = {
      ...each,
      ...{ monotonic: isSum && each.monotonic, timed: true },
      temporality: isSum ? 'cumulative' : 'unspecified',
    };
    return points.map(({ identity, own, start, time: at, int, double }) =>
      numberPoint(
        createSeries(made, identity, own, resource),
        start,
        at,
        each.valueType === 'int' ? int : double,
      ),
    );
  });
}

/** The same through the official serializer. */
function official(generated: Generated, resource: Resource): Uint8Array {
  const hrTime = (millis: number): [number, number] => {
    const micros = Math.round(millis * 1000);
    return [Math.floor(micros / 1e6), (micros % 1e6) * 1000];
  };
  return ProtobufMetricsSerializer.serializeRequest({
    resource: resourceFromAttributes(resource.attributes),
    scopeMetrics: [
      {
        scope: SCOPE,
        metrics: generated.map(([each, points]) => ({
          descriptor: {
            ...{
              name: each.name,
              description: each.help,
              unit: each.unit,
              type: InstrumentType.GAUGE,
            },
            valueType: each.valueType === 'int' ? 0 : 1,
            advice: {},
          },
          aggregationTemporality: AggregationTemporality.CUMULATIVE,
          dataPointType: each.type === 'sum' ? DataPointType.SUM : DataPointType.GAUGE,
          isMonotonic: each.monotonic,
          dataPoints: points.map(({ identity, own, start, time: at, int, double }) => ({
            startTime: hrTime(start),
            endTime: hrTime(at),
            attributes: { ...identity, ...own },
            value: each.valueType === 'int' ? int : double,
          })),
        })),
      },
    ],
  } as never) as Uint8Array;
}

describe('OTLP protobuf', () => {
  test('decodes to what the official serializer gives for the same data', () => {
    fc.assert(
      fc.property(metrics, labels, (generated, attributes) => {
        // Attributes of one name are two fields in ours and one in the official's.
        for (const [, points] of generated) {
          for (const each of points)
            for (const key of Object.keys(each.identity)) delete each.own[key];
        }
        const resource = { attributes };
        const [request] = encodeRequests(pointsOf(generated, resource), MEGABYTES);
        const ours = normal(decode(request?.bytes ?? Buffer.alloc(0)));
        expect(ours).toEqual(normal(decode(official(generated, resource))));
      }),
      { numRuns: 300 },
    );
  });

  test('every point is in exactly one request, and none is larger than the bound', () => {
    const bound = fc.integer({ min: 200, max: 5000 });
    fc.assert(
      fc.property(metrics, bound, (generated, maxBytes) => {
        const points = pointsOf(generated, { attributes: { 'host.name': 'node' } });
        const requests = encodeRequests(points, maxBytes);
        const counts = requests.map(({ bytes }) => countOf(decode(bytes)));
        expect(counts).toEqual(requests.map(({ points: told }) => told));
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(points.length);
        for (const { bytes, points: told } of requests) {
          if (told > 1) expect(bytes.length).toBeLessThanOrEqual(maxBytes);
        }
      }),
    );
  });

  test('each metric of a resource stands once, in whatever order its points come', () => {
    const resources = [0, 1, 2].map((i) => ({ attributes: { 'host.name': `${i}` } }));
    const descriptors = [0, 1, 2].map((i) => ({ ...BYTES, name: `metric_${i}` }));
    const index = fc.integer({ min: 0, max: 2 });
    fc.assert(
      fc.property(fc.array(fc.tuple(index, index), { minLength: 1 }), (places) => {
        const points = places.map(([resource, metric], i) => {
          const made = createSeries(
            descriptors[metric] as Descriptor,
            { id: `${i}` },
            {},
            resources[resource] as Resource,
          );
          return numberPoint(made, 1, 2, i);
        });
        const [request] = encodeRequests(points, MEGABYTES);
        const { resourceMetrics } = decode(request?.bytes ?? Buffer.alloc(0));
        const got = resourceMetrics.flatMap(({ resource, scopeMetrics: [scope] }) =>
          (scope?.metrics ?? []).map(({ name, gauge }) => [
            `${resource.attributes[0]?.value.stringValue} ${name}`,
            (gauge?.dataPoints ?? []).map(({ asInt }) => Number(asInt)),
          ]),
        );
        const want = Map.groupBy(
          places.keys(),
          (i) => `${places[i]?.[0]} metric_${places[i]?.[1]}`,
        );
        expect(got).toHaveLength(want.size);
        expect(new Map(got as [string, number[]][])).toEqual(want);
      }),
    );
  });

  test('the end of a series has its flag and no value', () => {
    const series = createSeries(
      { ...BYTES, type: 'sum', monotonic: true, temporality: 'cumulative' },
      { id: '/' },
      {},
      { attributes: {} },
    );
    const [request] = encodeRequests([endedPoint(series, 5)], MEGABYTES);
    const [first] = pointsIn(decode(request?.bytes ?? Buffer.alloc(0)));
    expect(first).toEqual({
      attributes: [{ key: 'id', value: { stringValue: '/' } }],
      timeUnixNano: '5000000',
      flags: 1,
    });
  });

  test('histograms and summaries', () => {
    const make = (type: 'histogram' | 'summary') =>
      createSeries({ ...BYTES, type }, { id: '/' }, {}, { attributes: {} });
    const [request] = encodeRequests(
      [
        {
          ...{ kind: 'histogram', series: make('histogram'), start: 1, time: 2, flags: 0 },
          ...{ count: 2 ** 40, sum: 1.5, bounds: [1, 2], counts: [1, 0, 7] },
        },
        {
          ...{ kind: 'summary', series: make('summary'), start: 1, time: 2, flags: 0 },
          ...{ count: 3, sum: 4, quantiles: [[0.5, 2]] },
        },
      ],
      MEGABYTES,
    );
    const text = JSON.stringify(decode(request?.bytes ?? Buffer.alloc(0)));
    expect(text).toContain('"count":"1099511627776","sum":1.5,"bucketCounts":["1","0","7"]');
    expect(text).toContain('"explicitBounds":[1,2]');
    expect(text).toContain('"quantileValues":[{"quantile":0.5,"value":2}]');
  });
});

test('OTLP JSON says the same as protobuf', () => {
  fc.assert(
    fc.property(metrics, labels, (generated, attributes) => {
      const points = pointsOf(generated, { attributes });
      const [request] = encodeRequests(points, MEGABYTES);
      const json = JSON.parse(JSON.stringify(jsonRequest(points)));
      expect(normal(json)).toEqual(normal(decode(request?.bytes ?? Buffer.alloc(0))));
    }),
  );
});

const BYTES: Descriptor = {
  ...{ name: 'x', help: '', unit: '', type: 'gauge', monotonic: false, timed: true },
  ...{ temporality: 'unspecified', valueType: 'int' },
};

/** Without what is a default and with attributes in one order, so that two encoders can be compared. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(normal);
    const isPairs = items.every(
      (item) => typeof item === 'object' && item !== null && 'key' in item,
    );
    return isPairs ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (typeof value !== 'object' || value === null) return value === 0 ? 0 : value;
  const entries = Object.entries(value)
    .filter(([key, each]) => !isDefault(key, each))
    .map(([key, each]) => [key, key === 'asDouble' ? normal(Number(each)) : normal(each)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const KEPT = /^(stringValue|asInt|asDouble|key)$/;

function isDefault(key: string, value: unknown): boolean {
  if (KEPT.test(key)) return false;
  const isEmptyList = Array.isArray(value) && value.length === 0;
  return value === '' || value === 0 || value === false || value === '0' || isEmptyList;
}

function pointsIn(request: DecodedRequest) {
  return request.resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics: list }) =>
      list.flatMap(({ gauge, sum }) => (gauge ?? sum)?.dataPoints ?? []),
    ),
  );
}

function countOf(request: DecodedRequest): number {
  return pointsIn(request).length;
}
