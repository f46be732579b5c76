import { numberPoint, type Point } from '../../../src/pdata/point.ts';
import { createSeries } from '../../../src/pdata/series.ts';

const SERIES = createSeries(
  {
    ...{ name: 'number', type: 'sum', monotonic: true, temporality: 'cumulative', unit: '' },
    ...{ help: 'A number', valueType: 'int', timed: true },
  },
  Object.freeze({ id: '/a' }),
  Object.freeze({}),
  Object.freeze({ attributes: Object.freeze({ 'host.name': 'node' }) }),
);

/** A point that is told from all others by its value. */
export function numbered(value: number): Point {
  return numberPoint(SERIES, 1, 1_700_000_000_000, value);
}

/** The values of all points in a request of OTLP, JSON or decoded protobuf. */
export function valuesIn(request: unknown): number[] {
  const found = JSON.stringify(request).matchAll(/"asInt":"(\d+)"/g);
  return [...found].map(([, value]) => Number(value));
}
