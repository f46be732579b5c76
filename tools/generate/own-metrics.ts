import { OWN_METRICS } from '../../src/service/telemetry/catalog.ts';
import { markdownTable } from './markdown.ts';

/** The table of the agent's own metrics. */
export function ownMetricsTable(): string {
  const rows = Object.entries(OWN_METRICS).map(([name, metric]) => [
    `\`${name}\``,
    metric.type,
    metric.unit,
    metric.labels.map((label) => `\`${label}\``).join(', '),
    metric.level,
    metric.help,
  ]);
  return markdownTable(['name', 'type', 'unit', 'labels', 'level', 'meaning'], rows);
}
