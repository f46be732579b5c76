import { NETWORK } from '../../catalog/network.ts';
import type { Formula, Translation } from '../../catalog/semconv.ts';
import {
  createSeries,
  type Labels,
  NO_LABELS,
  type Resource,
  type Series,
} from '../../pdata/series.ts';
import { createResources } from './resources.ts';
import { keyOf, operandOf, translationsOf } from './sources.ts';
import { podOf, type Subject, subjectOf } from './subject.ts';

/** The last value of a row that others need. */
interface Cell {
  value: number;
  /** The batch in which it came. */
  batch: number;
}

/** One workload, for all of its life. */
export interface Workload {
  readonly cells: Map<string, Cell>;
  /** How its CPU time is told; undefined until its first row. */
  cpu: 'modes' | 'total' | undefined;
}

/** A series that is made of another. */
export interface Output {
  readonly series: Series;
  readonly formula: Formula | undefined;
  readonly other: Cell | undefined;
  /** Only where the workload's CPU time is told this way. */
  readonly cpu: Workload['cpu'];
  /** The last value by a formula; undefined while the series has none. */
  last: number | undefined;
}

/** What is done with the points of a series. */
export interface Plan {
  readonly workload: Workload;
  /** Where its value is kept for others. */
  readonly cell: Cell | undefined;
  readonly outputs: readonly Output[];
}

interface Known extends Workload {
  readonly subject: Subject;
  readonly resource: Resource;
}

const NETWORK_ROWS = new Set<string>(Object.keys(NETWORK));

/** Makes the plan of each series once. */
export function createPlans(unmapped: 'keep' | 'drop'): (series: Series) => Plan {
  const plans = new WeakMap<Series, Plan>();
  const workloads = new WeakMap<Resource, WeakMap<Labels, Known>>();
  const resources = createResources();
  return (series) => {
    const plan = plans.get(series) ?? planOf(series);
    plans.set(series, plan);
    return plan;
  };

  function planOf(series: Series): Plan {
    const workload = workloadOf(series);
    const { subject, resource } = ownerOf(series, workload);
    const outputs = translationsOf(series).flatMap((translation) =>
      subject.entities.flatMap((entity) => {
        const descriptor = translation.to[entity];
        if (descriptor === undefined) return [];
        const labels = attributesOf(series.labels, translation);
        const made = createSeries(descriptor, subject.identity, labels, resource);
        const { formula, cpu } = translation;
        const other = formula?.other && cellOf(workload, keyOf(formula.other));
        // Pods and nodes have no modes.
        const choice = entity === 'container' ? cpu : undefined;
        return [{ series: made, formula, other, cpu: choice, last: undefined }];
      }),
    );
    const operand = operandOf(series);
    const cell = operand === undefined ? undefined : cellOf(workload, operand);
    if (outputs.length > 0 || unmapped === 'drop') return { workload, cell, outputs };
    const { descriptor, labels } = series;
    const kept = createSeries(descriptor, subject.identity, labels, resource);
    const output = { series: kept, formula: undefined, other: undefined, cpu: undefined };
    return { workload, cell, outputs: [{ ...output, last: undefined }] };
  }

  function workloadOf({ identity, resource: node }: Series): Known {
    const ofNode = workloads.get(node) ?? new WeakMap<Labels, Known>();
    workloads.set(node, ofNode);
    const known = ofNode.get(identity) ?? makeWorkload(identity, node);
    ofNode.set(identity, known);
    return known;
  }

  function makeWorkload(identity: Labels, node: Resource): Known {
    const subject = subjectOf(identity, node.attributes);
    const resource = resources(node, subject.attributes);
    return { subject, resource, cells: new Map(), cpu: undefined };
  }

  /** The containers of a pod share one network, which the row of its sandbox tells. */
  function ownerOf({ descriptor, identity, resource: node }: Series, workload: Known) {
    const pod = NETWORK_ROWS.has(descriptor.name) ? podOf(identity) : undefined;
    if (pod === undefined) return workload;
    return { subject: pod, resource: resources(node, pod.attributes) };
  }
}

function cellOf({ cells }: Workload, key: string): Cell {
  const cell = cells.get(key) ?? { value: Number.NaN, batch: 0 };
  cells.set(key, cell);
  return cell;
}

function attributesOf(
  own: Labels,
  { from, rename = {}, attributes = NO_LABELS }: Translation,
): Labels {
  const renamed = Object.entries(own).flatMap(([key, value]) => {
    const name = Object.hasOwn(from.labels ?? {}, key) ? '' : (rename[key] ?? key);
    return name === '' ? [] : [[name, value]];
  });
  if (renamed.length === 0) return attributes;
  return Object.freeze({ ...attributes, ...Object.fromEntries(renamed) });
}
