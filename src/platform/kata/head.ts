/** A row without its value: parsed once for each series and the same object at each scrape. */
export interface Head {
  readonly name: string;
  /** Frozen, in the order of the text. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A text of a guest is held to these: a name, a value, and labels by row. */
const MAX_LABELS = 32;
const MAX_VALUE_CHARS = 1024;
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const ESCAPE = /\\(.?)/gs;
const UNESCAPED: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/**
 * Parses `name{label="value",...}` of the text format 0.0.4 (prometheus.io/docs/instrumenting/
 * exposition_formats). Gives undefined for what does not follow it or is beyond the bounds.
 */
export function parseHead(text: string): Head | undefined {
  const brace = text.indexOf('{');
  const name = (brace < 0 ? text : text.slice(0, brace)).trimEnd();
  if (!NAME.test(name)) return undefined;
  if (brace < 0) return { name, labels: NO_LABELS };
  const labels = new Map<string, string>();
  let at = skipBlank(text, brace + 1);
  while (text[at] !== '}') {
    const equals = text.indexOf('=', at);
    const opening = skipBlank(text, equals + 1);
    if (equals < 0 || text[opening] !== '"' || labels.size >= MAX_LABELS) {
      return undefined;
    }
    const label = text.slice(at, equals).trimEnd();
    const closing = closingQuote(text, opening + 1);
    if (!LABEL_NAME.test(label) || labels.has(label)) return undefined;
    if (closing < 0 || closing - opening > MAX_VALUE_CHARS) return undefined;
    labels.set(label, unescaped(text.slice(opening + 1, closing)));
    at = skipBlank(text, closing + 1);
    if (text[at] === ',') at = skipBlank(text, at + 1);
    else if (text[at] !== '}') return undefined;
  }
  if (at !== text.length - 1) return undefined;
  return { name, labels: Object.freeze(Object.fromEntries(labels)) };
}

const NO_LABELS = Object.freeze({});

/** The place of the quote that ends a label's value, or -1. */
function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && isEscaped(text, from, at)) at = text.indexOf('"', at + 1);
  return at;
}

/** An odd number of backslashes before it. */
function isEscaped(text: string, from: number, at: number): boolean {
  let backslashes = 0;
  while (at - backslashes - 1 >= from && text[at - backslashes - 1] === '\\') backslashes++;
  return backslashes % 2 === 1;
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(ESCAPE, (all, char: string) => UNESCAPED[char] ?? all);
}

function skipBlank(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}
