import { Expanded, isMap, type Plain } from '../confmap/conf.ts';

/** A tree with every expansion replaced by its value, ready to be printed as YAML. */
export function plainOf(value: Plain): unknown {
  if (value instanceof Expanded) return plainOf(value.value);
  if (Array.isArray(value)) return value.map(plainOf);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainOf(item)]));
}
