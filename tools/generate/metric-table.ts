import type { Metric } from '../../src/catalog/metric.ts';
import { markdownTable } from './markdown.ts';

/** A table of metrics; where each comes from, and its unit if not the catalog's, is the caller's. */
export function metricTable(
  metrics: readonly Metric[],
  sourceOf: (metric: Metric) => string,
  unitOf: (metric: Metric) => string = ({ unit }) => unit,
): string {
  const rows = metrics.map((metric) => [
    `\`${metric.name}\``,
    metric.type === 'sum' ? 'counter' : metric.type,
    unitOf(metric),
    metric.labels.map((label) => `\`${label}\``).join(', '),
    metric.help,
    sourceOf(metric),
  ]);
  return markdownTable(['name', 'type', 'unit', 'own labels', 'meaning', 'from'], rows);
}
