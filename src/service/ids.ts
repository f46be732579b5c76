import { type Conf, Expanded, isMap, type Plain, plain } from '../confmap/conf.ts';
import { fault, PIPELINE_LISTS, SECTIONS } from './config.ts';

/**
 * A conf whose ids have no spaces around type and name, as keys and where the service refers to
 * them. Throws ConfigError when two ids are then the same.
 */
export function trimIds(conf: Conf): Conf {
  const written = new Map<string, string>();
  let value = conf.value;
  for (const section of SECTIONS) value = changeAt(value, [section], (map) => keys(map, [section]));
  value = changeAt(value, ['service', 'extensions'], items);
  value = changeAt(value, ['service', 'pipelines'], (map) => keys(map, ['service', 'pipelines']));
  const pipelines = plain(at(value, ['service', 'pipelines']));
  for (const name of isMap(pipelines) ? Object.keys(pipelines) : []) {
    for (const list of PIPELINE_LISTS) {
      value = changeAt(value, ['service', 'pipelines', name, list], items);
    }
  }
  return { value, locate: (path) => conf.locate(path.map((_, i) => writtenKey(path, i))) };

  function keys(raw: Plain, path: readonly string[]): Plain {
    const map = plain(raw);
    if (!isMap(map)) return raw;
    const trimmed = Object.entries(map).map(([key, item]) => {
      written.set([...path, trim(key)].join('\0'), key);
      return [trim(key), item] as const;
    });
    const seen = new Set<string>();
    for (const [id] of trimmed) {
      if (seen.has(id)) throw fault(conf, path, `duplicate name "${id}"`, 'decode');
      seen.add(id);
    }
    return Object.fromEntries(trimmed);
  }

  function writtenKey(path: readonly PropertyKey[], i: number): PropertyKey {
    const here = path.slice(0, i + 1).map(String);
    return written.get(here.join('\0')) ?? path[i] ?? '';
  }
}

function items(raw: Plain): Plain {
  const list = plain(raw);
  if (!Array.isArray(list)) return raw;
  return list.map((item) => {
    const id = item instanceof Expanded ? item.text : item;
    return typeof id === 'string' ? trim(id) : item;
  });
}

function trim(id: string): string {
  const slash = id.indexOf('/');
  return slash < 0 ? id.trim() : `${id.slice(0, slash).trim()}/${id.slice(slash + 1).trim()}`;
}

function at(value: Plain, path: readonly string[]): Plain {
  return path.reduce<Plain>((each, key) => {
    const map = plain(each);
    return (isMap(map) && Object.hasOwn(map, key) ? map[key] : undefined) ?? null;
  }, value);
}

/** Copies the maps on the way to a path that is there; others stay as they are. */
function changeAt(value: Plain, path: readonly string[], change: (at: Plain) => Plain): Plain {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  const map = plain(value);
  if (!isMap(map) || !Object.hasOwn(map, key)) return value;
  return { ...map, [key]: changeAt(map[key] as Plain, rest, change) };
}
