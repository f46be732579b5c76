import { UsageError } from './usage-error.ts';

/** A switch of behaviour that is not settled yet; the stages and their texts are the Collector's. */
interface FeatureGate {
  readonly id: string;
  readonly stage: 'Alpha' | 'Beta';
  readonly description: string;
  readonly fromVersion: string;
}

/** The ids of the gates that are on. */
export type EnabledGates = ReadonlySet<string>;

/** Adds up lists of the service in a merge. */
export const APPEND_LISTS = 'confmap.enableMergeAppendOption';
/** Allows print-config to print secrets. */
export const PRINT_SECRETS = 'otelcol.printInitialConfig';

const GATES: readonly FeatureGate[] = [
  {
    id: APPEND_LISTS,
    stage: 'Alpha',
    description:
      'Combines the lists of extensions, receivers and exporters of the service when several configurations are merged, instead of replacing them.',
    fromVersion: 'v0.1.0',
  },
  {
    id: PRINT_SECRETS,
    stage: 'Alpha',
    description: 'Allows print-config --mode unredacted, which prints secrets.',
    fromVersion: 'v0.1.0',
  },
];

/**
 * Reads `--feature-gates`: ids with commas; `-` before one disables, `+` or nothing enables. Throws
 * UsageError for ids that do not exist.
 */
export function parseGates(text: string): EnabledGates {
  const enabled = new Set(GATES.filter(({ stage }) => stage === 'Beta').map(({ id }) => id));
  const faults: string[] = [];
  for (const [i, item] of text === '' ? [] : text.split(',').entries()) {
    const id = item.replace(/^[-+]/, '');
    if (item === '') faults.push(`empty feature gate identifier at index ${i}`);
    else if (!GATES.some((gate) => gate.id === id)) faults.push(unknownGate(id));
    else if (item.startsWith('-')) enabled.delete(id);
    else enabled.add(id);
  }
  if (faults.length > 0) throw new UsageError('--feature-gates', faults.join('; '));
  return enabled;
}

function unknownGate(id: string): string {
  const valid = GATES.map((gate) => gate.id).join(' ');
  return `no such feature gate "${id}". valid gates: [${valid}]`;
}

/** A table of all gates, or the lines of one. Throws UsageError for one that does not exist. */
export function gatesText(enabled: EnabledGates, id?: string): string {
  if (id === undefined) return table(enabled);
  const gate = GATES.find((each) => each.id === id);
  if (gate === undefined) throw new UsageError('featuregate', `feature "${id}" not found`);
  return [
    `Feature: ${gate.id}`,
    `Enabled: ${enabled.has(gate.id)}`,
    `Stage: ${gate.stage}`,
    `Description: ${gate.description}`,
    `From Version: ${gate.fromVersion}`,
    '',
  ].join('\n');
}

function table(enabled: EnabledGates): string {
  const rows = [
    ['ID', 'Enabled', 'Stage', 'Description'],
    ...GATES.map((gate) => [gate.id, String(enabled.has(gate.id)), gate.stage, gate.description]),
  ];
  const widths = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)) + 2);
  return rows
    .map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('')}\n`)
    .join('');
}
