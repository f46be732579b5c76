import type { Descriptor } from '../../pdata/descriptor.ts';

/** Makes a change of descriptors that gives one object for each, as they go by reference. */
export function createDescriptorMap(
  change: (descriptor: Descriptor) => Descriptor,
): (descriptor: Descriptor) => Descriptor {
  const known = new WeakMap<Descriptor, Descriptor>();
  return (descriptor) => {
    const changed = known.get(descriptor) ?? Object.freeze(change(descriptor));
    known.set(descriptor, changed);
    return changed;
  };
}
