import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Metric } from '../../src/catalog/metric.ts';
import type { Registry } from '../../src/component/factory.ts';
import { metricTable } from './metric-table.ts';

const HEAD = `# Metrics

Every metric of the catalog by cAdvisor's set, which \`metric_sets\` switches. Rows of a workload bear
\`container\`, \`id\`, \`image\`, \`name\`, \`namespace\` and \`pod\` before their own labels, machine rows
\`machine_id\`, \`system_uuid\` and \`boot_id\`. Kata's own metrics are in [kata.md](kata.md).
`;

/** The page of all metrics, with the components that emit each. */
export async function metricsPage(registry: Registry): Promise<string> {
  const metrics = await readCatalog();
  const sets = [...Map.groupBy(metrics, ({ set }) => set)].sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = sets.map(([set, members]) => `## ${set}\n\n${metricTable(members, emittersOf)}\n`);
  return [HEAD, ...parts].join('\n');

  function emittersOf({ name }: Metric): string {
    const factories = Object.values(registry).flat() as Registry[keyof Registry][number][];
    const emitters = factories.filter(({ metadata: { series } }) =>
      series.some((metric) => metric.name === name),
    );
    return emitters.map(({ metadata }) => metadata.type).join(', ');
  }
}

const CATALOG = join(import.meta.dirname, '../../src/catalog');

async function readCatalog(): Promise<Metric[]> {
  const files = globSync('*.ts', { cwd: CATALOG, exclude: ['kata*.ts', 'semconv*.ts'] }).sort();
  const modules = await Promise.all(
    files.map((file) => import(pathToFileURL(join(CATALOG, file)).href)),
  );
  const sets: unknown[] = modules.flatMap((module) => Object.values(module));
  return sets
    .filter((set) => typeof set === 'object' && set !== null)
    .flatMap((set): Metric[] => Object.values(set));
}
