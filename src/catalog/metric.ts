import type { Descriptor } from '../pdata/descriptor.ts';

/** A metric of the catalog: its descriptor, the set that switches it and its own label names. */
export interface Metric extends Descriptor {
  /** cAdvisor's set name, such as `cpu` or `memory`. */
  readonly set: string;
  readonly labels: readonly string[];
}

/** A metric less what its place in the catalog tells. */
type Unnamed = Omit<Metric, 'set' | 'name'>;

type MetricOptions = Partial<Pick<Metric, 'unit' | 'labels' | 'valueType' | 'timed'>>;

/** Makes the metrics of a set, by name. */
export function metricSet<Name extends string>(
  set: string,
  metrics: Readonly<Record<Name, Unnamed>>,
): Readonly<Record<Name, Metric>> {
  const named = Object.entries<Unnamed>(metrics).map(([name, metric]) => {
    return [name, Object.freeze({ set, name, ...metric })];
  });
  return Object.fromEntries(named);
}

/** Describes a value that goes up and down. */
export function gauge(help: string, options?: MetricOptions): Unnamed {
  return describe('gauge', help, options);
}

/** Describes a cumulative count that never goes back. */
export function counter(help: string, options?: MetricOptions): Unnamed {
  return describe('sum', help, options);
}

/** Describes a distribution in buckets that counts since its source began. */
export function histogram(help: string, options?: MetricOptions): Unnamed {
  return describe('histogram', help, options);
}

/** Describes quantiles as a source computes them. */
export function summary(help: string, options?: MetricOptions): Unnamed {
  return describe('summary', help, options);
}

function describe(type: Metric['type'], help: string, options: MetricOptions = {}): Unnamed {
  return {
    help,
    type,
    monotonic: type === 'sum',
    temporality: type === 'sum' || type === 'histogram' ? 'cumulative' : 'unspecified',
    unit: '',
    valueType: 'int',
    timed: true,
    labels: [],
    ...options,
  };
}
