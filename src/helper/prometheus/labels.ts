import { escapeLabelName } from './names.ts';

/** Which names a configured label may have. */
export const LABEL_NAMES = {
  pattern: /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/,
  fault: (name: string) => `"${name}" is no label name: letters, digits and _, and no __ in front`,
};

/**
 * Labels under names that every scraper knows, in the order in which they came. Values of names that
 * become the same are joined by `;`, as in the Collector.
 */
export function escapeLabels(entries: Iterable<readonly [string, string]>): [string, string][] {
  const values = new Map<string, string>();
  for (const [name, value] of entries) {
    const legacy = escapeLabelName(name);
    const before = values.get(legacy);
    values.set(legacy, before === undefined ? value : `${before};${value}`);
  }
  return [...values];
}
