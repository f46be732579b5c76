import { type Source, TRANSLATIONS, type Translation } from '../../catalog/semconv.ts';
import type { Series } from '../../pdata/series.ts';

const translations = Map.groupBy(TRANSLATIONS, ({ from }) => from.metric.name);

/** The rows whose value another row's needs, and those between which is chosen. */
const operands = Map.groupBy(
  TRANSLATIONS.flatMap(({ from, formula, cpu }) => [
    ...(formula?.other === undefined ? [] : [formula.other]),
    ...(cpu === undefined ? [] : [from]),
  ]),
  ({ metric }) => metric.name,
);

/** The rows that tell the CPU time of a container. */
export const CPU_ROWS: Readonly<Record<'modes' | 'total', readonly string[]>> = {
  modes: TRANSLATIONS.filter(({ cpu }) => cpu === 'modes').map(({ from }) => keyOf(from)),
  total: TRANSLATIONS.filter(({ cpu }) => cpu === 'total').map(({ from }) => keyOf(from)),
};

/** What a row becomes. Histograms and summaries have no translation. */
export function translationsOf({ descriptor, labels }: Series): readonly Translation[] {
  if (descriptor.type !== 'gauge' && descriptor.type !== 'sum') return [];
  const ofName = translations.get(descriptor.name) ?? [];
  return ofName.filter(({ from }) => matches(from, labels));
}

/** The key under which others ask for a row's value; undefined when none does. */
export function operandOf({ descriptor, labels }: Series): string | undefined {
  const source = operands.get(descriptor.name)?.find((each) => matches(each, labels));
  return source && keyOf(source);
}

/** A text that is the same for the same row of any workload. */
export function keyOf({ metric, labels = {} }: Source): string {
  return `${metric.name}${JSON.stringify(labels)}`;
}

function matches({ labels = {} }: Source, own: Series['labels']): boolean {
  return Object.entries(labels).every(([key, value]) => own[key] === value);
}
