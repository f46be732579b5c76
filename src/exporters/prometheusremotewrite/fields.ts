import { escapeLabels } from '../../helper/prometheus/labels.ts';
import { encodeField, textField } from '../../pdata/otlp/blocks.ts';
import type { Labels, Resource, Series } from '../../pdata/series.ts';

/** Field numbers of prometheus.TimeSeries and prometheus.Label. */
const TIME_SERIES_LABELS = 1;
const LABEL = { name: 1, value: 2 } as const;

const NAME = '__name__';
const IDENTIFYING = ['service.namespace', 'service.name', 'service.instance.id'];

/** Labels as encoded fields, sorted by name; one without a value is as good as absent. */
export type Fields = readonly { readonly name: string; readonly bytes: Buffer }[];

/** What series have besides their own labels. */
export interface FieldOptions {
  readonly external: Labels;
  /** True when the attributes of the resource are labels too. */
  readonly resource: boolean;
}

/** The fields of series, each label set encoded once. */
export interface LabelFields {
  ofSeries(series: Series): Fields;
  /** Those of `target_info`; undefined where nothing tells whose it is, or there is nothing to tell. */
  ofTarget(resource: Resource): Fields | undefined;
}

/** Makes an empty cache. */
export function createLabelFields({ external, resource: addsResource }: FieldOptions): LabelFields {
  const outer = encode(Object.entries(external));
  const ownFields = new WeakMap<Labels, Fields>();
  const sharedFields = new WeakMap<Resource, WeakMap<Labels, Fields>>();
  return { ofSeries, ofTarget };

  function ofSeries({ identity, labels, resource }: Series): Fields {
    const ofResource = sharedFields.get(resource) ?? new WeakMap<Labels, Fields>();
    sharedFields.set(resource, ofResource);
    let shared = ofResource.get(identity);
    if (shared === undefined) {
      const added = addsResource ? resource.attributes : {};
      shared = enclose(escapeLabels(Object.entries({ ...added, ...identity })), resource);
      ofResource.set(identity, shared);
    }
    let own = ownFields.get(labels);
    if (own === undefined) {
      own = encode(escapeLabels(Object.entries(labels)));
      ownFields.set(labels, own);
    }
    return merge(shared, own);
  }

  function ofTarget(resource: Resource): Fields | undefined {
    const entries = Object.entries(resource.attributes);
    const telling = entries.filter(([name]) => !IDENTIFYING.includes(name));
    if (telling.length === 0 || addressOf(resource).length === 0) return undefined;
    return enclose(escapeLabels(telling), resource);
  }

  /** An external label gives way to one of the series, unless that is empty. */
  function enclose(labels: [string, string][], resource: Resource): Fields {
    const given = encode(labels.filter(([, value]) => value !== ''));
    return merge(merge(outer, given), encode(addressOf(resource)));
  }
}

/** Job and instance by the attributes of the resource that stand for them. */
function addressOf({ attributes }: Resource): [string, string][] {
  const [namespace, name, instance] = IDENTIFYING.map((key) => attributes[key] ?? '');
  const job = namespace && name ? `${namespace}/${name}` : (name ?? '');
  const both: [string, string][] = [
    ['instance', instance ?? ''],
    ['job', job],
  ];
  return both.filter(([, value]) => value !== '');
}

/** The labels of a time series as one block, with its name and perhaps a label of one row alone. */
export function blockOf(name: string, fields: Fields, extra?: readonly [string, string]): Buffer {
  const withExtra = extra === undefined ? fields : merge(fields, encode([extra]));
  const all = merge(withExtra, [{ name: NAME, bytes: encodeLabel(NAME, name) }]);
  return Buffer.concat(all.map(({ bytes }) => bytes));
}

function encode(labels: readonly (readonly [string, string])[]): Fields {
  return labels
    .map(([name, value]) => ({ name, bytes: encodeLabel(name, value) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** An empty value takes the label away, as it does in Prometheus. */
function encodeLabel(name: string, value: string): Buffer {
  if (value === '') return Buffer.alloc(0);
  const content = [textField(LABEL.name, name), textField(LABEL.value, value)];
  return encodeField(TIME_SERIES_LABELS, Buffer.concat(content));
}

/** Both, sorted; of two with one name that of `over` stays. */
function merge(under: Fields, over: Fields): Fields {
  if (over.length === 0) return under;
  const merged: Fields[number][] = [];
  let at = 0;
  for (const field of over) {
    while (at < under.length && (under[at] as Fields[number]).name < field.name) {
      merged.push(under[at++] as Fields[number]);
    }
    if (under[at]?.name === field.name) at++;
    merged.push(field);
  }
  return at < under.length ? merged.concat(under.slice(at)) : merged;
}
