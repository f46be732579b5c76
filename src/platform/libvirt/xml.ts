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
const ATTRIBUTES = ':@';
const TEXT = '#text';
const CDATA = '#cdata';
const DECLARATION = /^xmlns(?::|$)/;
const PREDEFINED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

type Node = Readonly<Record<string, unknown>>;
type Namespaces = Readonly<Record<string, string>>;

/**
 * Parses XML that a tenant may have written parts of; the library is loaded with the first. Throws an
 * Error on what is not well-formed, too large or too deep, and on a document type, for nothing but the
 * five entities of XML itself is expanded.
 */
export async function parseXml(text: string): Promise<XmlElement> {
  if (text.length > MAX_LENGTH) throw new Error(`the XML is longer than ${MAX_LENGTH} characters`);
  if (text.includes('<!DOCTYPE')) throw new Error('the XML has a document type');
  const { XMLParser, XMLValidator } = await import('fast-xml-parser');
  const isValid = XMLValidator.validate(text);
  if (isValid !== true) throw new Error(`the XML is not well-formed: ${isValid.err.msg}`);
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    parseAttributeValue: false,
    processEntities: false,
    trimValues: false,
    cdataPropName: CDATA,
    ignoreDeclaration: true,
    ignorePiTags: true,
    maxNestedTags: MAX_DEPTH,
  });
  const nodes = parser.parse(text) as Node[];
  const root = nodes.find(isElement);
  if (root === undefined) throw new Error('the XML has no element');
  return elementOf(root, Object.create(null));
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

function elementOf(node: Node, outer: Namespaces): XmlElement {
  const tag = Object.keys(node).find((key) => key !== ATTRIBUTES) ?? '';
  const attributes = new Map<string, string>();
  const namespaces: Record<string, string> = Object.assign(Object.create(null), outer);
  for (const [key, value] of Object.entries((node[ATTRIBUTES] ?? {}) as Node)) {
    const text = decode(String(value));
    if (DECLARATION.test(key)) namespaces[key.slice('xmlns:'.length)] = text;
    else attributes.set(key, text);
  }
  const inner = node[tag] as readonly Node[];
  const colon = tag.indexOf(':');
  return {
    name: tag.slice(colon + 1),
    namespace: namespaces[colon < 0 ? '' : tag.slice(0, colon)] || undefined,
    attributes,
    text: inner.map(textOf).join('').trim(),
    children: inner.filter(isElement).map((each) => elementOf(each, namespaces)),
  };
}

function isElement(node: Node): boolean {
  return !(TEXT in node || CDATA in node);
}

function textOf(node: Node): string {
  if (CDATA in node) return (node[CDATA] as readonly Node[]).map((each) => each[TEXT]).join('');
  return decode(String(node[TEXT] ?? ''));
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g, expand);
}

function expand(all: string, decimal?: string, hex?: string, name?: string): string {
  if (name !== undefined) return PREDEFINED[name] ?? all;
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  return code <= 0x10ffff ? String.fromCodePoint(code) : all;
}
