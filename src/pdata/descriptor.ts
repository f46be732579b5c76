/** What a point's value means: OTLP's metric kinds. */
type MetricType = 'gauge' | 'sum' | 'histogram' | 'summary';

/** One metric, described once for the life of the process and compared by reference. */
export interface Descriptor {
  readonly name: string;
  readonly type: MetricType;
  /** True for a sum that never goes back while its source lives. */
  readonly monotonic: boolean;
  readonly temporality: 'cumulative' | 'delta' | 'unspecified';
  /** UCUM unit; empty unless the name already carries it, so that no exporter adds a suffix. */
  readonly unit: string;
  readonly help: string;
  readonly valueType: 'int' | 'double';
  /** False for rows that cAdvisor prints without a timestamp (spec, start time, last seen). */
  readonly timed: boolean;
}
