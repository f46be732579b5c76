import type { Labels } from '../../pdata/series.ts';

/** A label set as exposition text without braces: `a="1",b="2"`. */
export interface LabelText {
  readonly text: string;
  readonly bytes: Buffer;
}

const cache = new WeakMap<Labels, LabelText>();

/** The text of a label set, made once per label object. */
export function labelText(labels: Labels): LabelText {
  const known = cache.get(labels);
  if (known !== undefined) return known;
  const text = Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
  const made = { text, bytes: Buffer.from(text) };
  cache.set(labels, made);
  return made;
}

function escapeLabel(value: string): string {
  if (!/["\\\n]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Help text as the exposition format wants it. */
export function escapeHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
