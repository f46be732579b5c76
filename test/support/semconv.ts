import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An excerpt of OpenTelemetry's registry: what is in force for containers, pods and nodes. */
interface Registry {
  readonly metrics: Readonly<Record<string, RegistryMetric | undefined>>;
  readonly attributes: Readonly<Record<string, RegistryAttribute | undefined>>;
}

interface RegistryMetric {
  readonly instrument: 'counter' | 'updowncounter' | 'gauge';
  readonly unit: string;
  readonly valueType: 'int' | 'double';
  readonly attributes: readonly string[];
}

interface RegistryAttribute {
  readonly type: string;
  readonly values?: readonly string[];
}

/** A metric as it was sent. */
export interface SentMetric {
  readonly name: string;
  readonly instrument: string;
  readonly unit: string;
  readonly valueType: string;
  /** Of one of its points. */
  readonly attributes: Readonly<Record<string, string>>;
}

const FILE = join(import.meta.dirname, '../fixtures/semconv-container.json');

/** The registry, apart from the npm package that the program takes its names from. */
export const REGISTRY: Registry = JSON.parse(readFileSync(FILE, 'utf8'));

/** What a metric or an attribute does against the registry; empty is right. */
export function faultsOf({ name, attributes, ...sent }: SentMetric): string[] {
  const metric = REGISTRY.metrics[name];
  if (metric === undefined) return [`${name}: not in the registry`];
  const facts = (['instrument', 'unit', 'valueType'] as const).flatMap((key) =>
    sent[key] === metric[key] ? [] : [`${name}: ${key} ${sent[key]}, not ${metric[key]}`],
  );
  const keys = Object.keys(attributes)
    .filter((key) => !metric.attributes.includes(key))
    .map((key) => `${name}: no attribute ${key}`);
  return [...facts, ...keys, ...Object.entries(attributes).flatMap(faultsOfAttribute)];
}

/** What is wrong with an attribute whose value is a text. */
export function faultsOfAttribute([key, value]: readonly [string, string]): string[] {
  const known = REGISTRY.attributes[key];
  if (known === undefined) return [`${key}: not in the registry`];
  if (known.type !== 'string' && known.type !== 'enum') return [`${key}: is ${known.type}`];
  if (known.values !== undefined && !known.values.includes(value)) return [`${key}: ${value}`];
  return value === '' ? [`${key}: empty`] : [];
}
