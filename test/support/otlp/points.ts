import type { DecodedRequest } from './decode.ts';

type Pairs = DecodedRequest['resourceMetrics'][number]['resource']['attributes'];

/** A data point with all that stands above it. */
export interface SentPoint {
  readonly name: string;
  readonly unit: string;
  readonly instrument: 'counter' | 'updowncounter' | 'gauge';
  /** Undefined at the end of a series. */
  readonly valueType: 'int' | 'double' | undefined;
  readonly value: number;
  readonly time: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The points of a request, one by one. */
export function pointsOf({ resourceMetrics }: DecodedRequest): SentPoint[] {
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(
        ({ name, unit = '', gauge, sum }) =>
          (gauge ?? sum)?.dataPoints.map((point) => ({
            ...{ name, unit },
            instrument: sum === undefined ? 'gauge' : instrumentOf(sum.isMonotonic),
            valueType: valueTypeOf(point),
            value: Number(point.asInt ?? point.asDouble),
            time: point.timeUnixNano ?? '0',
            resource: recordOf(resource.attributes),
            attributes: recordOf(point.attributes ?? []),
          })) ?? [],
      ),
    ),
  ) as SentPoint[];
}

function instrumentOf(isMonotonic = false): SentPoint['instrument'] {
  return isMonotonic ? 'counter' : 'updowncounter';
}

function valueTypeOf({ asInt, asDouble }: { asInt?: string; asDouble?: number }) {
  if (asInt !== undefined) return 'int';
  return asDouble === undefined ? undefined : 'double';
}

function recordOf(pairs: Pairs): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value.stringValue ?? '']));
}
