import { readFileSync } from 'node:fs';
import { COMPONENTS } from '../../src/distribution/components.ts';
import { createConfigSchema } from './config-schema.ts';
import { jsonText } from './json.ts';
import { kataPage } from './kata.ts';
import { markdownTable, replaceBlock } from './markdown.ts';
import { metricsPage } from './metrics.ts';
import { optionsOf } from './options.ts';
import { ownMetricsTable } from './own-metrics.ts';
import { semconvPage } from './semconv.ts';

const components = Object.entries(COMPONENTS).flatMap(([section, factories]) =>
  factories.map(({ metadata, config }: (typeof factories)[number]) => ({
    ...{ metadata, config },
    kind: section.slice(0, -1),
    readme: `src/${section}/${metadata.type}/README.md`,
  })),
);

/** The text of each file that is generated, in part or as a whole, by path. */
export async function generateFiles(): Promise<Map<string, string>> {
  return new Map([
    ['README.md', withBlock('README.md', 'components', componentTable())],
    ...components.map(({ readme, config }): [string, string] => [
      readme,
      withBlock(readme, 'configuration', optionTable(config)),
    ]),
    ['docs/metrics.md', await metricsPage(COMPONENTS)],
    ['docs/kata.md', kataPage()],
    ['docs/semconv.md', semconvPage()],
    ['docs/own-metrics.md', withBlock('docs/own-metrics.md', 'own metrics', ownMetricsTable())],
    ['config/schema.json', jsonText(createConfigSchema(COMPONENTS))],
    // kustomize takes no file from outside of its folder.
    ['config/k8s/base/kubernetes.yaml', readFileSync('config/kubernetes.yaml', 'utf8')],
    ['config/k8s/all/kubernetes-all.yaml', readFileSync('config/kubernetes-all.yaml', 'utf8')],
  ]);
}

function withBlock(path: string, name: string, block: string): string {
  return replaceBlock(path, readFileSync(path, 'utf8'), name, block);
}

function componentTable(): string {
  const rows = components.map(({ kind, metadata, readme }) => [
    `[${kind} ${metadata.type}](${readme})`,
    metadata.summary,
  ]);
  return markdownTable(['component', 'what it does'], rows);
}

function optionTable(config: object): string {
  const rows = optionsOf(config).map(({ key, shown, meaning }) => [
    `\`${key}\``,
    `\`${shown}\``,
    meaning,
  ]);
  return markdownTable(['key', 'default', 'meaning'], rows);
}
