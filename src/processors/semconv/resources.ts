import type { Labels, Resource } from '../../pdata/series.ts';

/** Gives one resource for a node's resource and the attributes of a workload. */
export type Resources = (node: Resource, attributes: Labels) => Resource;

const FIRST_SWEEP = 256;

/**
 * Rows of several labels may be about one pod: they share one resource. What no series has any more
 * is forgotten.
 */
export function createResources(): Resources {
  const ofNodes = new WeakMap<Resource, (attributes: Labels) => Resource>();
  return (node, attributes) => {
    if (Object.keys(attributes).length === 0) return node;
    const find = ofNodes.get(node) ?? createFinder(node);
    ofNodes.set(node, find);
    return find(attributes);
  };
}

function createFinder(node: Resource): (attributes: Labels) => Resource {
  const known = new Map<string, WeakRef<Resource>>();
  let sweepAt = FIRST_SWEEP;
  return (attributes) => {
    const key = JSON.stringify(attributes);
    const found = known.get(key)?.deref();
    if (found !== undefined) return found;
    const made = Object.freeze({
      attributes: Object.freeze({ ...node.attributes, ...attributes }),
    });
    known.set(key, new WeakRef(made));
    if (known.size >= sweepAt) sweep();
    return made;
  };

  function sweep(): void {
    for (const [key, reference] of known) if (reference.deref() === undefined) known.delete(key);
    sweepAt = Math.max(FIRST_SWEEP, 2 * known.size);
  }
}
