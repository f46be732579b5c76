import type { Descriptor } from '../../pdata/descriptor.ts';
import { ratioWords, unitWords } from './units.ts';

/** How names are made of those in the metrics, by the Collector's words. */
export const STRATEGIES = [
  'NoTranslation',
  'NoUTF8EscapingWithSuffixes',
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
] as const;

/** One of them. */
export type Strategy = (typeof STRATEGIES)[number];

const LEGACY_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LEGACY_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** True when a strategy leaves names as they are, whatever letters they have. */
export function keepsLetters(strategy: Strategy): boolean {
  return strategy === 'NoTranslation' || strategy === 'NoUTF8EscapingWithSuffixes';
}

/** The name that a metric is printed under. */
export function metricName(descriptor: Descriptor, strategy: Strategy, namespace: string): string {
  const name = translate(descriptor, strategy);
  return namespace === '' ? name : `${namespace}_${name}`;
}

function translate(descriptor: Descriptor, strategy: Strategy): string {
  switch (strategy) {
    case 'NoTranslation':
      return descriptor.name;
    case 'UnderscoreEscapingWithoutSuffixes':
      return escapeName(descriptor.name);
    case 'NoUTF8EscapingWithSuffixes':
      return withSuffixesBehind(descriptor);
    case 'UnderscoreEscapingWithSuffixes':
      return withSuffixes(descriptor);
  }
}

function withSuffixesBehind(descriptor: Descriptor): string {
  const suffixes = suffixesOf(descriptor);
  const ends = suffixes.includes('total') && descriptor.name.endsWith('_total');
  const bare = ends ? descriptor.name.slice(0, -'_total'.length) : descriptor.name;
  return suffixes.reduce(
    (name, word) => (name.endsWith(`_${word}`) ? name : `${name}_${word}`),
    bare,
  );
}

/** As the Collector does: a word that is already there is not added; total and ratio go last. */
function withSuffixes(descriptor: Descriptor): string {
  let words = descriptor.name.split(/[^a-zA-Z0-9:]+/).filter(Boolean);
  for (const suffix of suffixesOf(descriptor)) {
    if (suffix === 'total' || suffix === 'ratio') words = words.filter((word) => word !== suffix);
    if (!words.includes(suffix)) words.push(suffix);
  }
  return escapeName(words.join('_'));
}

function suffixesOf(descriptor: Descriptor): string[] {
  const words = unitWords(descriptor.unit);
  if (descriptor.type === 'sum' && descriptor.monotonic) return [...words, 'total'];
  return descriptor.type === 'gauge' ? [...words, ...ratioWords(descriptor.unit)] : words;
}

/** A metric's type in Prometheus' word: a sum that may go down is a gauge. */
export function typeName({ type, monotonic }: Descriptor) {
  if (type !== 'sum') return type;
  return monotonic ? 'counter' : 'gauge';
}

/** A metric name in the letters that every scraper knows. */
export function escapeName(name: string): string {
  if (LEGACY_NAME.test(name)) return name;
  return name.replaceAll(/[^a-zA-Z0-9_:]/g, '_').replace(/^\d/, '_$&');
}

/** A label name in the letters that every scraper knows. */
export function escapeLabelName(name: string): string {
  if (LEGACY_LABEL.test(name)) return name;
  return name.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^\d/, 'key_$&');
}

/** True for a metric name that must be quoted and stand within the braces. */
export function needsQuotes(name: string): boolean {
  return !LEGACY_NAME.test(name);
}
