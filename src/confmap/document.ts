import { isScalar, isSeq, isMap as isYamlMap, LineCounter, type Node, parseDocument } from 'yaml';
import { ConfigError } from '../errors.ts';
import { type Conf, isMap, type Location, type Plain } from './conf.ts';

const MAX_ALIASES = 100;

/** A tree together with the location of each key, by path joined with NUL. */
export interface Source {
  readonly value: Record<string, Plain>;
  readonly locations: Map<string, Location>;
}

/** Parses one YAML document. Throws ConfigError with file and line. */
export function parseYaml(text: string, file: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const { line } = lines.linePos(problem.pos[0]);
    throw new ConfigError(`${file}:${line}`, problem.message);
  }
  const locations = new Map<string, Location>();
  if (document.contents !== null) walk(document.contents, []);
  const value = toPlain();
  if (!isMap(value)) throw new ConfigError(file, 'the top level must be a map of keys');
  return { value, locations };

  function toPlain(): unknown {
    try {
      return structuredClone(document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {});
    } catch (error) {
      throw new ConfigError(file, (error as Error).message, { cause: error });
    }
  }

  function walk(node: Node, path: readonly string[]): void {
    if (isSeq(node)) {
      for (const [i, item] of node.items.entries()) walk(item as Node, [...path, String(i)]);
    }
    if (!isYamlMap(node)) return;
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : String(key);
      const below = [...path, name];
      const start = (key as Node | null)?.range?.[0] ?? 0;
      locations.set(below.join('\0'), { file, line: lines.linePos(start).line });
      if (name === '__proto__') {
        throw new ConfigError(`${file}:${lines.linePos(start).line}`, 'a key cannot be __proto__');
      }
      if (value !== null) walk(value as Node, below);
    }
  }
}

/** Merges in order: maps deep; lists, scalars and null replace what was there. */
export function mergeSources(sources: readonly Source[]): Source {
  const locations = new Map<string, Location>();
  for (const source of sources) for (const [key, at] of source.locations) locations.set(key, at);
  const value = sources.reduce<Record<string, Plain>>((all, s) => merge(all, s.value), {});
  return { value, locations };
}

function merge(base: Record<string, Plain>, over: Record<string, Plain>): Record<string, Plain> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(base, key) ? base[key] : undefined;
    merged[key] = isMap(below) && isMap(value) ? merge(below, value) : value;
  }
  return merged;
}

/** A source as a conf. */
export function confOf(source: Source): Conf {
  return {
    value: source.value,
    locate(path) {
      for (let length = path.length; length > 0; length--) {
        const at = source.locations.get(path.slice(0, length).map(String).join('\0'));
        if (at !== undefined) return at;
      }
      return undefined;
    },
  };
}
