import type { Metric } from '../../catalog/metric.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import type { FamilyType } from '../../platform/kata/exposition.ts';
import type { Head } from '../../platform/kata/head.ts';
import type { Described, DescribeHead } from './book.ts';
import { conversionOf, type Emitter, nameOf, ownLabels } from './conversions.ts';
import { KATA_SERIES } from './series.ts';

/** Says it by who wrote the head and what its text says of types. */
export type Describe = (
  head: Head,
  emitter: Emitter,
  types: ReadonlyMap<string, FamilyType>,
) => Described | undefined;

const BY_NAME = new Map(KATA_SERIES.map((metric) => [metric.name, metric]));
/** A guest writes a part of the text: it may not name other metrics than Kata's. */
const OWN = /^kata_[a-z0-9_]+$/;
const MAX_UNKNOWN = 2000;

/** Metrics of the catalog, in its types and units. */
export function createDescribe(isEnabled: (metric: Metric) => boolean): Describe {
  return (head, emitter) => {
    const { name, labels, convert } = conversionOf(head, emitter);
    const descriptor = BY_NAME.get(name);
    if (descriptor === undefined || !isEnabled(descriptor)) return undefined;
    return { descriptor, labels, convert };
  };
}

/** Metrics of the catalog, for values that are in its units. */
export function createHostDescribe(isEnabled: (metric: Metric) => boolean): DescribeHead {
  return ({ name, labels }) => {
    const descriptor = BY_NAME.get(name);
    if (descriptor === undefined || !isEnabled(descriptor)) return undefined;
    return { descriptor, labels, convert: (value) => value };
  };
}

/** Every metric of Kata's in the type and the unit of the text; the first type of a name stands. */
export function createRawDescribe(isEnabled: (metric: Metric) => boolean): Describe {
  const descriptors = new Map<string, Descriptor>();
  return (head, _, types) => {
    const name = nameOf(head.name);
    const known = BY_NAME.get(name);
    if (!OWN.test(name) || (known !== undefined && !isEnabled(known))) return undefined;
    const descriptor = descriptors.get(name) ?? rawDescriptor(name, types.get(head.name));
    if (!descriptors.has(name)) {
      if (descriptors.size >= MAX_UNKNOWN) return undefined;
      descriptors.set(name, descriptor);
    }
    return { descriptor, labels: ownLabels(head), convert: (value) => value };
  };
}

function rawDescriptor(name: string, told: FamilyType = 'untyped'): Descriptor {
  const type = told === 'counter' ? 'sum' : told === 'untyped' ? 'gauge' : told;
  const isCumulative = type === 'sum' || type === 'histogram';
  return Object.freeze({
    ...{ name, type, monotonic: type === 'sum', unit: '', valueType: 'double', timed: true },
    temporality: isCumulative ? 'cumulative' : 'unspecified',
    help: BY_NAME.get(name)?.help ?? '',
  });
}
