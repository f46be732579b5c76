import { isEnded, type Point } from '../../pdata/point.ts';

/** One line per point: name, labels, value. */
export function normalText(points: readonly Point[]): string {
  return points
    .map((point) => {
      const { descriptor, identity, labels } = point.series;
      const pairs = Object.entries({ ...identity, ...labels }).filter(([, value]) => value !== '');
      const text = pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' ');
      return `${descriptor.name} ${text} ${valueText(point)}`;
    })
    .join('\n');
}

/** Every field of every point, in the Collector's layout. */
export function detailedText(points: readonly Point[]): string {
  return points.map(blockOf).join('\n');
}

function blockOf(point: Point): string {
  const { descriptor, identity, labels } = point.series;
  const attributes = Object.entries({ ...identity, ...labels });
  return [
    'Metric',
    `     -> Name: ${descriptor.name}`,
    `     -> Description: ${descriptor.help}`,
    `     -> Unit: ${descriptor.unit}`,
    `     -> DataType: ${descriptor.type}`,
    `     -> IsMonotonic: ${descriptor.monotonic}`,
    `     -> AggregationTemporality: ${descriptor.temporality}`,
    'Data point attributes:',
    ...attributes.map(([name, value]) => `     -> ${name}: Str(${value})`),
    `StartTimestamp: ${timeText(point.start)}`,
    `Timestamp: ${timeText(point.time)}`,
    `Value: ${valueText(point)}`,
  ].join('\n');
}

function timeText(millis: number): string {
  return millis === 0 ? '0' : new Date(millis).toISOString();
}

function valueText(point: Point): string {
  if (isEnded(point)) return 'ended';
  return point.kind === 'number' ? String(point.value) : `count=${point.count} sum=${point.sum}`;
}
