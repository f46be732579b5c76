import { Expanded, isMap, type Plain } from '../confmap/conf.ts';

/** The keys in which two configurations differ, joined by `::`; values are not told: some are secret. */
export function differences(before: Plain, after: Plain): string[] {
  return keysOf(before, after, []);
}

function keysOf(before: Plain, after: Plain, path: readonly string[]): string[] {
  if (isMap(before) && isMap(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => {
      if (!Object.hasOwn(before, key) || !Object.hasOwn(after, key)) {
        return [[...path, key].join('::')];
      }
      return keysOf(before[key] as Plain, after[key] as Plain, [...path, key]);
    });
  }
  return JSON.stringify(textOf(before)) === JSON.stringify(textOf(after)) ? [] : [path.join('::')];
}

/** An expansion may stand for text and for a value: both count. */
function textOf(value: Plain): unknown {
  if (value instanceof Expanded) return [value.text];
  if (Array.isArray(value)) return value.map(textOf);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, textOf(each)]));
}
