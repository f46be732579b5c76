import { parse } from 'yaml';
import { ConfigError } from '../errors.ts';
import { Expanded, isMap, type Plain } from './conf.ts';

/** Looks up what stands behind a `${scheme:opaque}`. */
export type Lookup = (scheme: string, opaque: string) => string;

const MAX_EXPANSIONS = 100;
const SCHEME = /^([a-z][a-z0-9+.-]*):([\s\S]*)$/i;

/**
 * Expands `${scheme:opaque}` (no scheme is env) in every scalar; `$$` is a dollar. A scalar that
 * is one `${...}` as a whole takes the type of its text; inside other text it stays text.
 */
export function expandTree(value: Plain, lookup: Lookup, path: readonly string[] = []): Plain {
  if (typeof value === 'string') return expandScalar(value, lookup, path);
  if (Array.isArray(value)) {
    return value.map((item, i) => expandTree(item, lookup, [...path, String(i)]));
  }
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, expandTree(item, lookup, [...path, key])]),
  );
}

function expandScalar(text: string, lookup: Lookup, path: readonly string[]): Plain {
  if (!text.includes('$')) return text;
  const budget = { left: MAX_EXPANSIONS, lookup, path };
  const isWhole = text.startsWith('${') && closingBrace(text, 2) === text.length - 1;
  const expanded = expandText(text, budget);
  if (!isWhole) return expanded;
  try {
    return new Expanded(parse(expanded) ?? null, expanded);
  } catch {
    return expanded;
  }
}

interface Budget {
  left: number;
  readonly lookup: Lookup;
  readonly path: readonly string[];
}

function expandText(text: string, budget: Budget): string {
  let out = '';
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar < 0) return out + text.slice(at);
    out += text.slice(at, dollar);
    const end = text[dollar + 1] === '{' ? closingBrace(text, dollar + 2) : -1;
    if (text[dollar + 1] === '$') {
      out += '$';
      at = dollar + 2;
    } else if (end < 0) {
      out += '$';
      at = dollar + 1;
    } else {
      out += expandReference(text.slice(dollar + 2, end), budget);
      at = end + 1;
    }
  }
  return out;
}

function expandReference(reference: string, budget: Budget): string {
  if (budget.left-- <= 0) {
    throw new ConfigError(
      budget.path.join('::'),
      `more than ${MAX_EXPANSIONS} expansions of \${...}: is there a loop?`,
    );
  }
  const inner = expandText(reference, budget);
  const match = SCHEME.exec(inner);
  const [scheme, opaque] = match === null ? ['env', inner] : [match[1] ?? '', match[2] ?? ''];
  return expandText(budget.lookup(scheme, opaque), budget);
}

/** Index of the brace that closes the one before `from`; -1 without one. */
function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) depth++;
    if (text[at] === '}' && --depth === 0) return at;
  }
  return -1;
}
