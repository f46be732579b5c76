import type { HrTime, ValueType } from '@opentelemetry/api';
import type {
  DataPoint,
  MetricData,
  MetricProducer,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { OwnFamily, OwnMetrics } from '../telemetry.ts';
import { hasMetric, OWN_METRICS } from './catalog.ts';
import { processMetrics } from './process.ts';

/** What own metrics are about. */
export interface ProducerSettings {
  readonly metrics: OwnMetrics;
  readonly level: string;
  readonly version: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Gives own metrics to the readers of the OpenTelemetry SDK, as a bridge of another registry does:
 * what is counted stays an addition, and a row that was withdrawn is gone at once.
 */
export async function createProducer(settings: ProducerSettings): Promise<MetricProducer> {
  const { metrics, level, version, attributes } = settings;
  const [{ AggregationTemporality, DataPointType }, { resourceFromAttributes }] = await Promise.all(
    [import('@opentelemetry/sdk-metrics'), import('@opentelemetry/resources')],
  );
  const resource = resourceFromAttributes(attributes);
  const refresh = processMetrics(metrics);
  const start = hrTimeOf(Date.now() - process.uptime() * 1000);
  return { collect: async () => ({ resourceMetrics: read(), errors: [] }) };

  function read(): ResourceMetrics {
    refresh();
    const now = hrTimeOf(Date.now());
    const wanted = [...metrics.families()].filter(({ name }) => hasMetric(level, name));
    const found = wanted.map((family) => dataOf(family, now));
    const scope = { name: 'sandgauge', version };
    return {
      resource,
      scopeMetrics: [{ scope, metrics: found.filter(({ dataPoints }) => dataPoints.length > 0) }],
    };
  }

  function dataOf({ name, type, cells }: OwnFamily, endTime: HrTime): MetricData {
    const { unit = '', help = '' } = OWN_METRICS[name] ?? {};
    const known = cells.filter(({ value }) => !Number.isNaN(value));
    const dataPoints = known.map(
      ({ labels, value }): DataPoint<number> => ({
        ...{ startTime: start, endTime, value },
        attributes: labels,
      }),
    );
    const isWhole = known.every(({ value }) => Number.isSafeInteger(value));
    const common = {
      descriptor: { name, unit, description: help, valueType: (isWhole ? 0 : 1) as ValueType },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPoints,
    };
    return type === 'counter'
      ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: true }
      : { ...common, dataPointType: DataPointType.GAUGE };
  }
}

function hrTimeOf(millis: number): HrTime {
  return [Math.floor(millis / 1000), Math.round((millis % 1000) * 1e6)];
}
