/** An element of XML, with its text and its children. */
export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** The namespace that it is in; undefined where it is in none. */
  readonly namespace: string | undefined;
  /** By name as written, but for declarations of namespaces. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Its own text, trimmed. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** In characters; a domain has some thousands. */
const MAX_LENGTH = 1024 * 1024;
const MAX_DEPTH = 64;
const NAME = '[A-Za-z_:\\u0080-\\uffff][\\w:.\\-\\u0080-\\uffff]*';
const OPEN = new RegExp(`<(${NAME})`, 'y');
const ATTRIBUTE = new RegExp(`\\s+(${NAME})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, 'y');
const OPEN_END = /\s*(\/?)>/y;
const CLOSE = new RegExp(`</(${NAME})\\s*>`, 'y');
/** What is passed over, by its start. */
const ASIDES = [
  ['<!--', '-->'],
  ['<?', '?>'],
] as const;
const [CDATA, CDATA_END] = ['<![CDATA[', ']]>'];
const PREDEFINED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** Namespaces by prefix, in those of the elements around. */
interface Namespaces {
  readonly own: ReadonlyMap<string, string>;
  readonly outer: Namespaces | undefined;
}

/** An element that is not closed yet. */
interface Opened {
  readonly tag: string;
  readonly namespaces: Namespaces | undefined;
  readonly attributes: ReadonlyMap<string, string>;
  readonly texts: string[];
  readonly children: XmlElement[];
}

/**
 * Parses XML (w3.org/TR/xml) that a tenant may have written parts of. Throws an Error on what is not
 * well-formed, too large or too deep, and on a document type, for nothing but the five entities of XML
 * itself is expanded.
 */
export function parseXml(text: string): XmlElement {
  if (text.length > MAX_LENGTH) throw new Error(`the XML is longer than ${MAX_LENGTH} characters`);
  if (text.includes('<!DOCTYPE')) throw new Error('the XML has a document type');
  const open: Opened[] = [{ ...START, texts: [], children: [] }];
  for (let at = 0; at < text.length; ) at = take(text, at, open);
  const [top] = open;
  const [root, other] = top?.children ?? [];
  const isWhole = open.length === 1 && top?.texts.join('').trim() === '';
  if (root === undefined || other !== undefined || !isWhole) throw malformed(text.length);
  return root;
}

const START = { tag: '', namespaces: undefined, attributes: new Map() };

/** Takes what is next, and tells where it ends. */
function take(text: string, at: number, open: Opened[]): number {
  const inner = open.at(-1) as Opened;
  if (text[at] !== '<') {
    const end = text.indexOf('<', at);
    const stop = end < 0 ? text.length : end;
    inner.texts.push(decode(text.slice(at, stop)));
    return stop;
  }
  for (const [start, end] of ASIDES) {
    if (text.startsWith(start, at)) return endOf(text, end, at + start.length) + end.length;
  }
  if (text.startsWith(CDATA, at)) {
    const start = at + CDATA.length;
    const end = endOf(text, CDATA_END, start);
    inner.texts.push(text.slice(start, end));
    return end + CDATA_END.length;
  }
  return text[at + 1] === '/' ? takeClose(text, at, open) : takeOpen(text, at, open);
}

function takeClose(text: string, at: number, open: Opened[]): number {
  const closed = open.pop();
  const outer = open.at(-1);
  const match = matchAt(CLOSE, text, at);
  if (closed === undefined || outer === undefined || match?.[1] !== closed.tag) {
    throw malformed(at);
  }
  outer.children.push(elementOf(closed));
  return at + match[0].length;
}

function takeOpen(text: string, at: number, open: Opened[]): number {
  const start = matchAt(OPEN, text, at);
  if (start === undefined) throw malformed(at);
  if (open.length > MAX_DEPTH) throw new Error(`the XML is nested deeper than ${MAX_DEPTH}`);
  const attributes = new Map<string, string>();
  const own = new Map<string, string>();
  const known = new Set<string>();
  let next = at + start[0].length;
  for (;;) {
    const match = matchAt(ATTRIBUTE, text, next);
    if (match === undefined) break;
    const [all, key = '', double, single] = match;
    if (known.has(key)) throw malformed(next);
    known.add(key);
    const value = decode(double ?? single ?? '');
    const declared = /^xmlns(?::(.*))?$/.exec(key);
    if (declared === null) attributes.set(key, value);
    else own.set(declared[1] ?? '', value);
    next += all.length;
  }
  const end = matchAt(OPEN_END, text, next);
  if (end === undefined) throw malformed(next);
  const outer = open.at(-1)?.namespaces;
  const namespaces = own.size > 0 ? { own, outer } : outer;
  const opened = { tag: start[1] ?? '', namespaces, attributes, texts: [], children: [] };
  if (end[1] === '') open.push(opened);
  else open.at(-1)?.children.push(elementOf(opened));
  return next + end[0].length;
}

function elementOf({ tag, namespaces, attributes, texts, children }: Opened): XmlElement {
  const colon = tag.indexOf(':');
  const namespace = namespaceOf(colon < 0 ? '' : tag.slice(0, colon), namespaces);
  return {
    name: tag.slice(colon + 1),
    namespace,
    attributes,
    text: texts.join('').trim(),
    children,
  };
}

/** An empty one undoes what is declared around. */
function namespaceOf(prefix: string, scope: Namespaces | undefined): string | undefined {
  for (let each = scope; each !== undefined; each = each.outer) {
    const found = each.own.get(prefix);
    if (found !== undefined) return found || undefined;
  }
  return undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  if (end < 0) throw malformed(from);
  return end;
}

function malformed(at: number): Error {
  return new Error(`the XML is not well-formed at character ${at}`);
}

/** The first child of a name, outside of namespaces. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((each) => each.name === name && each.namespace === undefined);
}

/** The children of a name, outside of namespaces. */
export function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  return (element?.children ?? []).filter(
    (each) => each.name === name && each.namespace === undefined,
  );
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g, expand);
}

function expand(all: string, decimal?: string, hex?: string, name?: string): string {
  if (name !== undefined) return PREDEFINED[name] ?? all;
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  return code <= 0x10ffff ? String.fromCodePoint(code) : all;
}
