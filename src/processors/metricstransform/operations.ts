import { ConfigError } from '../../errors.ts';
import type { ShareLabels } from '../../helper/processor/share-labels.ts';
import type { Labels, Series } from '../../pdata/series.ts';
import type { Config } from './config.ts';

/** What becomes of a series. */
export interface Draft {
  readonly series: Series;
  /** What its values are multiplied by. */
  readonly scale: number;
}

/** One change; undefined leaves the series out. */
export type Step = (draft: Draft) => Draft | undefined;

type Operation = Config['transforms'][number]['operations'][number];

/** What operations need of the agent. */
export interface Surroundings {
  readonly share: ShareLabels;
  /** Told once the agent starts. */
  version(): string;
}

/** True for an operation that gives labels other names or values. */
export function changesLabels({ action }: Operation): boolean {
  return action === 'add_label' || action === 'update_label';
}

/** Checks an operation and makes it a step. Throws ConfigError. */
export function createStep(operation: Operation, path: string, around: Surroundings): Step {
  const { action, label, experimental_scale: scale } = operation;
  switch (action) {
    case 'add_label':
      need(operation, ['new_label', 'new_value'], path);
      return (draft) => ({ ...draft, series: added(draft.series, operation, around) });
    case 'update_label':
      need(operation, ['label'], path);
      return (draft) => ({ ...draft, series: updated(draft.series, operation, around) });
    case 'delete_label_value':
      need(operation, ['label', 'label_value'], path);
      return (draft) => {
        const { identity, labels } = draft.series;
        const value = labels[label] ?? identity[label];
        return value === operation.label_value ? undefined : draft;
      };
    case 'experimental_scale_value':
      if (scale === 0) throw new ConfigError(`${path}::experimental_scale`, 'must be more than 0');
      return (draft) => scaled(draft, scale);
    default:
      throw new ConfigError(`${path}::action`, 'is required');
  }
}

function need(
  operation: Operation,
  keys: readonly ('label' | 'new_label' | 'new_value' | 'label_value')[],
  path: string,
): void {
  const missing = keys.find((key) => operation[key] === '');
  if (missing === undefined) return;
  throw new ConfigError(`${path}::${missing}`, `is required for ${operation.action}`);
}

function withVersion(text: string, { version }: Surroundings): string {
  return text.replaceAll('{{version}}', version());
}

/** A label stays where it is: with those of the workload, or with the series' own. */
function updated(series: Series, operation: Operation, around: Surroundings): Series {
  const { label, new_label: newLabel, value_actions: actions } = operation;
  const { identity, labels } = series;
  const value = labels[label] ?? identity[label];
  if (value === undefined) return series;
  const action = actions.findLast((each) => each.value === value);
  const next = action === undefined ? value : withVersion(action.new_value, around);
  const key = newLabel || label;
  const change = (part: Labels) =>
    around.share(
      part,
      Object.fromEntries(
        Object.entries(part).flatMap(([name, text]) => {
          if (name === label) return [[key, next]];
          return name === key ? [] : [[name, text]];
        }),
      ),
    );
  return Object.freeze({ ...series, identity: change(identity), labels: change(labels) });
}

function added(
  series: Series,
  { new_label: key, new_value: value }: Operation,
  around: Surroundings,
) {
  const { identity, labels } = series;
  if ((labels[key] ?? identity[key]) !== undefined) return series;
  const made = { ...identity, [key]: withVersion(value, around) };
  return Object.freeze({ ...series, identity: around.share(identity, made) });
}

/** A unit is not true of other values, and a whole number may become a part of one. */
function scaled({ series, scale: before }: Draft, scale: number): Draft {
  const { descriptor } = series;
  const valueType = Number.isSafeInteger(scale) ? descriptor.valueType : 'double';
  const changed = { ...descriptor, valueType, unit: scale === 1 ? descriptor.unit : '' } as const;
  return { series: Object.freeze({ ...series, descriptor: changed }), scale: before * scale };
}
