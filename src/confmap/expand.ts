import { ConfigError } from '../errors.ts';
import { Expanded, isMap, mapValues, type Plain } from './conf.ts';
import { parseValue } from './document.ts';
import { parseUri, retrieve, type Surroundings, type Uri, uriText } from './retrieve.ts';

const MAX_EXPANSIONS = 1000;
const MAX_DEPTH = 100;
const MAX_CHARACTERS = 1024 * 1024;

/** What the `${...}` of one scalar may still do, together. */
interface Budget {
  expansions: number;
  characters: number;
  readonly surroundings: Surroundings;
  /** The scalar as written: only what stands there is told in messages. */
  readonly written: string;
}

/**
 * Expands `${scheme:opaque}` (no scheme is env) in every value, not in keys; `$$` is a dollar. A
 * scalar that is one `${...}` as a whole takes the YAML value of its text and keeps the text; inside
 * other text it stays text. What cannot be expanded is handed to `fault`, and is null.
 */
export function expandTree(
  value: Plain,
  surroundings: Surroundings,
  fault: (path: readonly string[], text: string) => void,
  path: readonly string[] = [],
): Plain {
  const below = (item: Plain, key: string) => expandTree(item, surroundings, fault, [...path, key]);
  if (Array.isArray(value)) return value.map((item, i) => below(item, String(i)));
  if (isMap(value)) return mapValues(value, below);
  if (typeof value !== 'string' || !value.includes('$')) return value;
  const budget = {
    ...{ expansions: MAX_EXPANSIONS, characters: MAX_CHARACTERS },
    ...{ surroundings, written: value },
  };
  try {
    return unescaped(expandText(value, budget, 0));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    fault(path, error.message);
    return null;
  }
}

/** Expands from the inside out: first what has no `${` in it. */
function expandText(input: string, budget: Budget, depth: number): Plain {
  let text = input;
  let from = 0;
  for (;;) {
    const close = text.indexOf('}', from);
    if (close < 0) return text;
    // Only from here on: to look back to the beginning each time is quadratic in braces.
    const open = from + text.slice(from, close).lastIndexOf('${');
    if (open < from || isEscaped(text, open)) {
      from = close + 1;
      continue;
    }
    const reference = text.slice(open, close + 1);
    const isWhole = reference.length === text.length;
    const found = follow(reference, budget);
    if (isWhole) return expandWhole(found, reference, budget, depth);
    spend(budget, text.length + found.length);
    text = text.slice(0, open) + found + text.slice(close + 1);
  }
}

/** The dollar before the brace is one of a pair `$$`, counted from the left. */
function isEscaped(text: string, open: number): boolean {
  let dollars = 0;
  while (text[open - 1 - dollars] === '$') dollars++;
  return dollars % 2 === 1;
}

/** The text is YAML whose own scalars are expanded in turn; what is no YAML is text. */
function expandWhole(text: string, reference: string, budget: Budget, depth: number): Plain {
  if (depth > MAX_DEPTH) throw tooMany();
  const value = parsed(text);
  if (typeof value === 'string') {
    const expanded = expandText(text, budget, depth + 1);
    if (expanded instanceof Expanded) return expanded;
    return new Expanded(expanded, String(expanded), shown(reference));
  }
  const whole = expandValues(value, budget, depth + 1);
  return new Expanded(whole, asText(text, budget, depth + 1), shown(reference));

  function shown(each: string): string {
    return budget.written.includes(each) ? each : 'a nested ${...}';
  }
}

function parsed(text: string): Plain {
  try {
    return parseValue(text, '').value;
  } catch {
    return text;
  }
}

function expandValues(value: Plain, budget: Budget, depth: number): Plain {
  if (typeof value === 'string') return expandText(value, budget, depth);
  if (Array.isArray(value)) return value.map((item) => expandValues(item, budget, depth));
  if (!isMap(value)) return value;
  return mapValues(value, (item) => expandValues(item, budget, depth));
}

/** The text for a string field, expanded without regard to its YAML. */
function asText(text: string, budget: Budget, depth: number): string {
  const expanded = expandText(text, budget, depth);
  return expanded instanceof Expanded ? expanded.text : String(expanded);
}

function follow(reference: string, budget: Budget): string {
  if (budget.expansions-- <= 0) throw tooMany();
  const inner = reference.slice(2, -1);
  const uri = parseUri(inner.includes(':') ? inner : `env:${inner}`);
  const isShown = budget.written.includes(reference);
  if (uri === undefined) throw new ConfigError('', `invalid uri${isShown ? `: "${inner}"` : ''}`);
  if (uri.opaque.includes('$')) {
    const name = isShown ? ` "${uriText(uri)}"` : '';
    throw new ConfigError('', `the uri${name} contains unsupported characters ('$')`);
  }
  const text = retrieved(uri, isShown, budget);
  spend(budget, text.length);
  return text;
}

function retrieved(uri: Uri, isShown: boolean, { surroundings }: Budget): string {
  const name = isShown ? uriText(uri) : `${uri.scheme}:...`;
  let text: string | undefined;
  try {
    text = retrieve(uri, surroundings);
  } catch (error) {
    if (!(error instanceof ConfigError) || isShown) throw error;
    throw new ConfigError('', `what a nested \${${name}} names cannot be used`);
  }
  if (text === undefined) {
    surroundings.warn(`Configuration references unset environment variable: ${name}`);
    return '';
  }
  // A file that holds a password ends its line; the password does not.
  return uri.scheme === 'file' ? text.replace(/\r?\n$/, '') : text;
}

function spend(budget: Budget, characters: number): void {
  budget.characters -= characters;
  if (budget.characters >= 0) return;
  throw new ConfigError('', `expands to more than ${MAX_CHARACTERS} characters`);
}

function tooMany(): ConfigError {
  return new ConfigError('', 'too many recursive expansions: is there a loop?');
}

function unescaped(value: Plain): Plain {
  if (typeof value === 'string') return value.replaceAll('$$', '$');
  if (value instanceof Expanded) {
    const text = value.text.replaceAll('$$', '$');
    return new Expanded(unescaped(value.value), text, value.reference);
  }
  if (Array.isArray(value)) return value.map(unescaped);
  return isMap(value) ? mapValues(value, unescaped) : value;
}
