import { escapeLabels } from '../../helper/prometheus/labels.ts';
import { escapeLabelName } from '../../helper/prometheus/names.ts';
import type { Labels, Resource, Series } from '../../pdata/series.ts';

/** A label set as exposition text without braces: `a="1",b="2"`. */
export interface LabelText {
  readonly text: string;
  /** For every scraper: other letters in names are `_`. */
  readonly legacy: Buffer;
  /** For scrapers that take any name: such names are quoted. */
  readonly utf8: Buffer;
}

/** What stands in a row besides the labels of its series. */
export interface LabelOptions {
  readonly constant: Labels;
  /** True when the attributes of the resource are labels too. */
  readonly resource: boolean;
  /** True when names with other letters than Prometheus' old ones may be printed. */
  readonly keepLetters: boolean;
}

/** The texts of label sets, each made once. */
export interface LabelTexts {
  /** What a workload's series share: resource, constant and identity labels. */
  shared(series: Series): LabelText;
  own(labels: Labels): LabelText;
}

const PLAIN: LabelOptions = { constant: {}, resource: false, keepLetters: true };

/** Makes an empty cache of texts. */
export function createLabelTexts(options: LabelOptions = PLAIN): LabelTexts {
  const ownTexts = new WeakMap<Labels, LabelText>();
  const sharedTexts = new WeakMap<Resource, WeakMap<Labels, LabelText>>();
  const constantNames = new Set(Object.keys(options.constant));
  const addsLabels = options.resource || constantNames.size > 0;
  return { shared, own };

  function own(labels: Labels): LabelText {
    const known = ownTexts.get(labels);
    if (known !== undefined) return known;
    const made = textOf(labels, options.keepLetters);
    ownTexts.set(labels, made);
    return made;
  }

  function shared({ identity, labels, resource }: Series): LabelText {
    if (!addsLabels) return own(identity);
    const added = { ...options.constant, ...(options.resource ? resource.attributes : {}) };
    const isOwn = (name: string) => name in labels || escapeLabelName(name) in labels;
    // A series' own label wins: that block is then of this series alone.
    if (Object.keys(added).some(isOwn)) {
      const kept = Object.entries(added).filter(([name]) => !isOwn(name));
      return textOf({ ...Object.fromEntries(kept), ...identity }, options.keepLetters);
    }
    const ofResource = sharedTexts.get(resource) ?? new WeakMap<Labels, LabelText>();
    sharedTexts.set(resource, ofResource);
    const known = ofResource.get(identity);
    if (known !== undefined) return known;
    const made = textOf({ ...added, ...identity }, options.keepLetters);
    ofResource.set(identity, made);
    return made;
  }
}

function textOf(labels: Labels, keepLetters: boolean): LabelText {
  const entries = Object.entries(labels);
  const legacy = join(escapeLabels(entries).map(([name, value]) => pair(name, value)));
  const isLegacy = entries.every(([name]) => escapeLabelName(name) === name);
  if (isLegacy || !keepLetters) {
    const bytes = Buffer.from(legacy);
    return { text: legacy, legacy: bytes, utf8: bytes };
  }
  const text = join(
    entries.map(([name, value]) =>
      pair(escapeLabelName(name) === name ? name : `"${escapeValue(name)}"`, value),
    ),
  );
  return { text, legacy: Buffer.from(legacy), utf8: Buffer.from(text) };
}

function join(pairs: readonly string[]): string {
  return pairs.join(',');
}

function pair(name: string, value: string): string {
  return `${name}="${escapeValue(value)}"`;
}

/** A label value, or a quoted name, as the exposition formats want it. */
export function escapeValue(value: string): string {
  if (!/["\\\n]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Help text as the text format wants it. */
export function escapeHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
