import type { Descriptor } from './descriptor.ts';

/** Label names and values, frozen; the same object is shared by every series that carries it. */
export type Labels = Readonly<Record<string, string>>;

/** What the points of a batch are about as a whole, such as the node: OTLP's Resource. */
export interface Resource {
  readonly attributes: Labels;
}

/** A descriptor with one label set. Made once, immutable, and known downstream by reference. */
export interface Series {
  readonly descriptor: Descriptor;
  /** The workload's labels: one object for all series of a workload. */
  readonly identity: Labels;
  /** The labels of this series alone, such as `cpu="total"`. */
  readonly labels: Labels;
  readonly resource: Resource;
}

/** The label set of a series that has no labels of its own. */
export const NO_LABELS: Labels = Object.freeze({});

/** Makes an immutable series. */
export function createSeries(
  descriptor: Descriptor,
  identity: Labels,
  labels: Labels,
  resource: Resource,
): Series {
  return Object.freeze({ descriptor, identity, labels, resource });
}
