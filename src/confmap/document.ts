import { isAlias, isScalar, isSeq, type Pair, type ParsedNode } from 'yaml';
import { ConfigError } from '../errors.ts';
import { type Conf, isMap, type Location, locationText, type Plain } from './conf.ts';
import { mergeMaps } from './merge.ts';
import { parseSyntax, type Syntax } from './yaml.ts';

const MAX_DEPTH = 100;
/** Also bounds what aliases multiply. */
const MAX_NODES = 200_000;

/** A tree together with the location of each key, by path joined with NUL. */
export interface Source {
  readonly value: Record<string, Plain>;
  readonly locations: Map<string, Location>;
}

/** Any YAML value with the locations of its keys. */
export interface Parsed {
  readonly value: Plain;
  readonly locations: Map<string, Location>;
}

/** Parses one YAML document that is a map, or nothing. Throws ConfigError with file and line. */
export function parseYaml(text: string, file: string, hasLines = true): Source {
  const { value, locations } = parseValue(text, file, hasLines);
  if (value === null) return { value: {}, locations };
  if (isMap(value)) return { value, locations };
  throw new ConfigError(file, 'the top level must be a map of keys');
}

/**
 * Parses one YAML document, follows its aliases and merge keys, and splits keys at `::`. Throws
 * ConfigError with file and line.
 */
export function parseValue(text: string, file: string, hasLines = true): Parsed {
  const syntax = parseSyntax(text, file, hasLines);
  const locations = new Map<string, Location>();
  if (syntax.root === null) return { value: null, locations };
  return { value: createWalk(syntax, locations)(syntax.root, []), locations };
}

type Walk = (node: ParsedNode | null, path: readonly string[]) => Plain;

function createWalk({ at }: Syntax, locations: Map<string, Location>): Walk {
  const anchors = new Map<string, ParsedNode>();
  const open = new Set<ParsedNode>();
  let nodes = 0;
  return walk;

  function walk(node: ParsedNode | null, path: readonly string[]): Plain {
    if (node === null) return null;
    if (++nodes > MAX_NODES) throw fault(node, `more than ${MAX_NODES} values, counting aliases`);
    if (path.length > MAX_DEPTH) throw fault(node, 'nested too deep');
    if (isAlias(node)) return walk(target(node), path);
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isScalar(node)) return scalar(node.value);
    if (open.has(node)) throw fault(node, 'an alias cannot stand inside of what it names');
    open.add(node);
    const value = isSeq(node)
      ? node.items.map((item, i) => walk(item as ParsedNode, [...path, String(i)]))
      : walkMap(node.items as Pair<ParsedNode, ParsedNode | null>[], path);
    open.delete(node);
    return value;
  }

  function walkMap(pairs: readonly Pair<ParsedNode, ParsedNode | null>[], path: readonly string[]) {
    const own = new Map<string, Plain>();
    const merged: Record<string, Plain>[] = [];
    for (const { key, value } of pairs) {
      if (isMergeKey(key)) {
        merged.push(...mergeSources(key, value, path));
        continue;
      }
      const name = nameOf(key);
      if (own.has(name)) throw fault(key, 'Map keys must be unique');
      const parts = name.split('::');
      if (parts.includes('__proto__')) throw fault(key, 'a key cannot be __proto__');
      const below = [...path, ...parts];
      for (let depth = path.length + 1; depth <= below.length; depth++) {
        locations.set(below.slice(0, depth).join('\0'), at(key.range[0]));
      }
      own.set(name, walk(value, below));
    }
    const inherited: Record<string, Plain> = Object.assign({}, ...merged.reverse());
    return [...own].some(([name]) => name.includes('::'))
      ? [...own].reduce(splitKey, inherited)
      : { ...inherited, ...Object.fromEntries(own) };
  }

  /** The keys of a `<<` give way to those that stand beside it, and later ones to earlier. */
  function mergeSources(key: ParsedNode, value: ParsedNode | null, path: readonly string[]) {
    const found = walk(value, path);
    const maps = Array.isArray(found) ? (found as Plain[]) : [found];
    if (!maps.every(isMap)) throw fault(key, '<< needs a map, an alias of one, or a list of these');
    return maps;
  }

  function target(alias: ParsedNode & { source: string }): ParsedNode {
    const found = anchors.get(alias.source);
    if (found !== undefined) return found;
    const text =
      'unknown anchor: no & of this name before; a value that begins with * needs quotes';
    throw fault(alias, text);
  }

  function nameOf(key: ParsedNode): string {
    const node = isAlias(key) ? target(key) : key;
    if (isScalar(node)) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
      return String(node.value ?? '');
    }
    throw fault(key, 'a key must be a plain word or text');
  }

  function fault(node: ParsedNode, text: string): ConfigError {
    return new ConfigError(locationText(at(node.range[0])), text);
  }
}

/** `a::b: c` is `{a: {b: c}}`, beside what else is below `a`. */
function splitKey(map: Record<string, Plain>, [name, value]: readonly [string, Plain]) {
  const nested = name.split('::').reduceRight<Plain>((below, part) => ({ [part]: below }), value);
  return mergeMaps(map, nested as Record<string, Plain>);
}

function isMergeKey(key: ParsedNode): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<';
}

function scalar(value: unknown): Plain {
  return typeof value === 'bigint' ? Number(value) : (value as Plain);
}

/** A source as a conf. */
export function confOf({ value, locations }: Source): Conf {
  return {
    value,
    locate(path) {
      for (let length = path.length; length > 0; length--) {
        const at = locations.get(path.slice(0, length).map(String).join('\0'));
        if (at !== undefined) return at;
      }
      return undefined;
    },
  };
}
