import type { Layout } from './key-trie.ts';
import type { ParameterValue } from './parameters.ts';

/** The values of some parameters, by slot of their layout. */
export type Values = readonly ParameterValue[];

/** Reads a group, or whatever else is made of values. */
export type Read<T> = (values: Values) => T;

/** Finds the slot of a key, of which the group's prefix is left out. */
export type SlotOf = (rest: string) => number;

/**
 * Finds a group's slots, once for each layout, so that to read a domain is to look at places. The
 * readers make objects by literals: to fill in fields by name takes three times as long.
 */
export type Plan<T> = (slot: SlotOf, index: number) => Read<T>;

/** Unsigned values from here on were negative ones. */
const WRAPPED = 2n ** 63n;
const ABSENT = -1;

/** How a group is read; undefined where the layout has no key of it. */
export function planGroup<T>(layout: Layout, prefix: string, plan: Plan<T>): Read<T | undefined> {
  let isThere = false;
  const find = slotsOf(layout, prefix);
  const read = plan((rest) => {
    const slot = find(rest);
    if (slot !== ABSENT) isThere = true;
    return slot;
  }, 0);
  return isThere ? read : () => undefined;
}

/** How each element of a group is read, such as `net.0.`, in the order of their keys. */
export function planNumbered<T>(layout: Layout, prefix: string, plan: Plan<T>): Read<T[]> {
  const indexes = new Set<number>();
  for (const key of layout.keys) {
    const digits = key.startsWith(prefix) ? /^\d{1,9}(?=\.)/.exec(key.slice(prefix.length)) : null;
    if (digits !== null) indexes.add(Number(digits[0]));
  }
  const reads = [...indexes].map((index) => plan(slotsOf(layout, `${prefix}${index}.`), index));
  return (values) => reads.map((read) => read(values));
}

/**
 * A number; undefined where it is absent, no number, negative, or was negative before it was made
 * unsigned. One over 2^53 is rounded to the nearest double.
 */
export function numberAt(values: Values, slot: number): number | undefined {
  if (slot === ABSENT) return undefined;
  const value = values[slot];
  if (typeof value === 'number') return value >= 0 && value < Infinity ? value : undefined;
  if (typeof value !== 'bigint') return undefined;
  return value >= 0n && value < WRAPPED ? Number(value) : undefined;
}

/** What libvirt tells in KiB, in bytes. */
export function kibibytesAt(values: Values, slot: number): number | undefined {
  const value = numberAt(values, slot);
  return value === undefined ? undefined : value * 1024;
}

/** A string; undefined where it is absent. */
export function textAt(values: Values, slot: number): string | undefined {
  if (slot === ABSENT) return undefined;
  const value = values[slot];
  return typeof value === 'string' ? value : undefined;
}

function slotsOf({ slots }: Layout, prefix: string): SlotOf {
  return (rest) => slots.get(prefix + rest) ?? ABSENT;
}
