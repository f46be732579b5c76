import { TRANSLATIONS, type Translation, UNMAPPED } from '../../src/catalog/semconv.ts';
import type { Descriptor } from '../../src/pdata/descriptor.ts';
import type { Labels } from '../../src/pdata/series.ts';
import { markdownTable } from './markdown.ts';

const HEAD = `# Semantic conventions

What the [semconv processor](../src/processors/semconv/README.md) makes of cAdvisor's metrics. A row
becomes the metric that the conventions have for what it is about; where they have none for it, it is
among the unmapped.
`;

const ENTITIES = ['container', 'k8s.container', 'k8s.pod', 'k8s.node'] as const;

/** The page of the translation. */
export function semconvPage(): string {
  const rows = TRANSLATIONS.flatMap((translation) =>
    ENTITIES.flatMap((entity) => {
      const descriptor = translation.to[entity];
      return descriptor === undefined ? [] : [rowOf(translation, descriptor)];
    }),
  );
  const head = ['cAdvisor', 'convention', 'instrument', 'unit', 'attributes', 'value'];
  return [
    HEAD,
    `## Translated\n\n${markdownTable(head, rows)}\n`,
    `## Unmapped\n\nThey keep their names, or are left out with \`unmapped: drop\`.\n`,
    `${UNMAPPED.map(({ name }) => `- \`${name}\``).join('\n')}\n`,
  ].join('\n');
}

function rowOf(translation: Translation, descriptor: Descriptor): string[] {
  const { from, formula, cpu } = translation;
  const { name, unit } = descriptor;
  const isOfContainer = name.startsWith('container.');
  const choice = cpu === 'total' && isOfContainer ? 'where it does not tell both modes' : '';
  return [
    `\`${from.metric.name}${selector(from.labels)}\``,
    `\`${name}\``,
    instrumentOf(descriptor),
    `\`${unit}\``,
    attributes(translation),
    formula?.text ?? choice,
  ];
}

function selector(labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return pairs.length === 0 ? '' : `{${pairs.join()}}`;
}

function instrumentOf({ type, monotonic }: Descriptor): string {
  if (type === 'gauge') return 'gauge';
  return monotonic ? 'counter' : 'updowncounter';
}

function attributes({ attributes: fixed = {}, rename = {} }: Translation): string {
  const set = Object.entries(fixed).map(([key, value]) => `\`${key}=${value}\``);
  const renamed = Object.values(rename).filter((key) => key !== '');
  return [...set, ...renamed.map((key) => `\`${key}\``)].join(', ');
}
