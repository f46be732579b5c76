import type { Descriptor } from '../pdata/descriptor.ts';

/** A metric of the catalog: its descriptor, the set that switches it and its own label names. */
export interface Metric extends Descriptor {
  /** cAdvisor's set name, such as `cpu` or `memory`. */
  readonly set: string;
  readonly labels: readonly string[];
}

interface MetricOptions {
  readonly unit?: string;
  readonly labels?: readonly string[];
  readonly valueType?: 'int' | 'double';
  readonly timed?: boolean;
}

/** Describes a value that goes up and down. */
export function gauge(
  set: string,
  name: string,
  help: string,
  options: MetricOptions = {},
): Metric {
  return describe(set, name, help, 'gauge', options);
}

/** Describes a cumulative count that never goes back. */
export function counter(
  set: string,
  name: string,
  help: string,
  options: MetricOptions = {},
): Metric {
  return describe(set, name, help, 'sum', options);
}

/** Describes a distribution in buckets that counts since its source began. */
export function histogram(
  set: string,
  name: string,
  help: string,
  options: MetricOptions = {},
): Metric {
  return describe(set, name, help, 'histogram', options);
}

/** Describes quantiles as a source computes them. */
export function summary(
  set: string,
  name: string,
  help: string,
  options: MetricOptions = {},
): Metric {
  return describe(set, name, help, 'summary', options);
}

function describe(
  set: string,
  name: string,
  help: string,
  type: Metric['type'],
  options: MetricOptions,
): Metric {
  return Object.freeze({
    set,
    name,
    help,
    type,
    monotonic: type === 'sum',
    temporality: type === 'sum' || type === 'histogram' ? 'cumulative' : 'unspecified',
    unit: options.unit ?? '',
    valueType: options.valueType ?? 'int',
    timed: options.timed ?? true,
    labels: options.labels ?? [],
  });
}
