import { createSeriesKey } from '../../helper/processor/series-key.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import type { Series } from '../../pdata/series.ts';

/** A place in the output: name, labels and resource. */
export interface Place {
  readonly key: string;
  /** Lost for good: what speaks here from now on would be another counter. */
  isLost: boolean;
}

/** Who was first under each name and labels; nobody else is let in until it has ended. */
export interface Claims {
  /**
   * The one descriptor for metrics of this kind; undefined where the name, which others may have
   * too, is that of another kind.
   */
  describe(wanted: Descriptor, mayCollide: boolean): Descriptor | undefined;
  /** The place that a series asks for. */
  placeOf(series: Series): Place;
  /** True when the place is its own, which it becomes if nobody has it. */
  holds(place: Place): boolean;
  /** Gives the place free; true when it was its own. */
  release(place: Place): boolean;
}

/** Makes the claims: a place for each living series that may meet another. */
export function createClaims(): Claims {
  const keyOf = createSeriesKey();
  const owners = new Map<string, Place>();
  const kinds = new Map<string, string>();
  const descriptors = new Map<string, Descriptor>();
  return {
    describe(wanted, mayCollide) {
      const { name, type, monotonic, temporality, unit, valueType, timed } = wanted;
      const kind = [type, monotonic, temporality, unit].join(' ');
      if (mayCollide) {
        if ((kinds.get(name) ?? kind) !== kind) return undefined;
        kinds.set(name, kind);
      }
      const key = [name, kind, valueType, timed].join(' ');
      const known = descriptors.get(key) ?? Object.freeze(wanted);
      descriptors.set(key, known);
      return known;
    },
    placeOf: (series) => ({ key: keyOf(series), isLost: false }),
    holds(place) {
      if (place.isLost) return false;
      const owner = owners.get(place.key) ?? place;
      owners.set(owner.key, owner);
      place.isLost = owner !== place;
      return !place.isLost;
    },
    release(place) {
      if (owners.get(place.key) !== place) return false;
      return owners.delete(place.key);
    },
  };
}
