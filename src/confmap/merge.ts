import { isMap, type Plain } from './conf.ts';

type PlainMap = Record<string, Plain>;

/** Merges one map over another: maps deep; lists, scalars and null replace what was there. */
export function mergeMaps(base: PlainMap, over: PlainMap): PlainMap {
  return mergeBelow(base, over, [], replace);
}

/** As mergeMaps, but what the service lists (extensions, receivers, exporters) is added up. */
export function mergeMapsAppending(base: PlainMap, over: PlainMap): PlainMap {
  return mergeBelow(base, over, [], append);
}

type MergeLists = (base: Plain | undefined, over: Plain, path: readonly string[]) => Plain;

function mergeBelow(
  base: PlainMap,
  over: PlainMap,
  path: readonly string[],
  mergeLists: MergeLists,
): PlainMap {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(base, key) ? base[key] : undefined;
    const at = [...path, key];
    merged[key] =
      isMap(below) && isMap(value)
        ? mergeBelow(below, value, at, mergeLists)
        : mergeLists(below, value, at);
  }
  return merged;
}

function replace(_: Plain | undefined, over: Plain): Plain {
  return over;
}

const LISTS = /^service::(extensions|.+::(receivers|exporters))$/;

function append(base: Plain | undefined, over: Plain, path: readonly string[]): Plain {
  if (!Array.isArray(base) || !Array.isArray(over) || !LISTS.test(path.join('::'))) return over;
  return [...base, ...over.filter((item) => !base.includes(item))];
}
