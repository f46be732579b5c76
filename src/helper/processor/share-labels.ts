import type { Labels } from '../../pdata/series.ts';

/** Gives one object for all that came of one object and is the same, so that it stays shared. */
export type ShareLabels = (from: Labels, made: Labels) => Labels;

/** Makes the memory of what was made; it lives as long as what it came from. */
export function createLabelSharing(): ShareLabels {
  const variants = new WeakMap<Labels, Map<string, Labels>>();
  return (from, made) => {
    const known = variants.get(from) ?? new Map([[JSON.stringify(from), from]]);
    variants.set(from, known);
    const key = JSON.stringify(made);
    const shared = known.get(key) ?? Object.freeze(made);
    known.set(key, shared);
    return shared;
  };
}
