import { CPU } from './cpu.ts';
import { LIFETIME } from './lifetime.ts';
import { MACHINE } from './machine.ts';
import { MEMORY } from './memory.ts';
import type { Metric } from './metric.ts';

/** Every metric that any component may emit, by name. */
export const CATALOG = { ...CPU, ...MEMORY, ...LIFETIME, ...MACHINE } as const;

/** The name of a metric of the catalog; a wrong name does not compile. */
export type MetricName = keyof typeof CATALOG;

/** The metrics behind a list of names. */
export function metricsOf(names: readonly MetricName[]): Metric[] {
  return names.map((name) => CATALOG[name]);
}
