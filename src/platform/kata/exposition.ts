import { type Head, parseHead } from './head.ts';

/** A number of the text. */
export interface Sample {
  readonly head: Head;
  /** Finite, or what the text says with +Inf, -Inf or NaN. */
  readonly value: number;
}

/** What `# TYPE` says of the rows of a name. */
export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';

/** One scrape. */
export interface Exposition {
  readonly samples: readonly Sample[];
  readonly types: ReadonlyMap<string, FamilyType>;
  /** Lines that are not of the format, beyond its bounds, or a second row of one series. */
  readonly rejected: number;
}

/** The text as a whole is beyond what a sandbox says of itself. */
export class ExpositionError extends Error {}

const MAX_LINE_CHARS = 8 * 1024;
const MAX_SAMPLES = 20_000;
const MAX_FAMILIES = 2_000;
const TYPES: readonly string[] = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
const HASH = 35;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const NONE = -1;
const OPENING_BRACE = '{';
const TYPE_LINE = /^#[ \t]+TYPE[ \t]+(\S+)[ \t]+(\S+)[ \t]*$/;
/** Go prints 1.048576e+06, Rust 1048576; a time in ms may follow and is not read. */
const NUMBER =
  /^[ \t]+([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)(?:[ \t]+-?\d+)?[ \t]*$/i;

interface Known {
  readonly head: Head;
  scrape: number;
}

/**
 * Makes the parser of one source, which sees the same rows at each scrape: what it made of a row is
 * kept until a scrape comes without it. Throws an ExpositionError for a text of too many rows.
 */
export function createExpositionParser(): (text: string) => Exposition {
  const known = new Map<string, Known>();
  let scrape = 0;
  return parse;

  function parse(text: string): Exposition {
    const samples: Sample[] = [];
    const types = new Map<string, FamilyType>();
    let rejected = 0;
    scrape++;
    for (let from = 0; from < text.length; ) {
      const newline = text.indexOf('\n', from);
      const to = newline < 0 ? text.length : newline;
      if (to - from > MAX_LINE_CHARS) rejected++;
      else if (text.charCodeAt(from) === HASH) readType(text.slice(from, to), types);
      else if (to > from && !readSample(text, from, to, samples)) rejected++;
      from = to + 1;
    }
    forget(samples.length);
    return { samples, types, rejected };
  }

  function readSample(text: string, from: number, to: number, samples: Sample[]): boolean {
    const space = text.lastIndexOf(' ', to - 1);
    const row = space > from ? known.get(text.slice(from, space)) : undefined;
    const plain = row && plainNumber(text, space + 1, to);
    if (row !== undefined && plain !== undefined) return take(row, plain, samples);
    return readNew(text.slice(from, to), samples);
  }

  /** A row that was not seen yet, or whose value is no plain number. */
  function readNew(line: string, samples: Sample[]): boolean {
    const end = endOfHead(line);
    if (end <= 0) return line.trim() === '';
    const key = line.slice(0, end);
    const value = parseNumber(line, end);
    if (value === undefined) return false;
    const row = known.get(key) ?? learn(key);
    return row !== undefined && take(row, value, samples);
  }

  function learn(key: string): Known | undefined {
    const head = parseHead(key);
    const row = head && { head, scrape: 0 };
    if (row !== undefined) known.set(key, row);
    return row;
  }

  function take(row: Known, value: number, samples: Sample[]): boolean {
    if (row.scrape === scrape) return false;
    if (samples.length >= MAX_SAMPLES) throw new ExpositionError(`more than ${MAX_SAMPLES} rows`);
    row.scrape = scrape;
    samples.push({ head: row.head, value });
    return true;
  }

  function forget(seen: number): void {
    if (known.size === seen) return;
    for (const [key, row] of known) if (row.scrape !== scrape) known.delete(key);
  }
}

/** Without a look at the grammar: undefined for what begins or ends otherwise than a plain number. */
function plainNumber(text: string, from: number, to: number): number | undefined {
  const first = text.charCodeAt(from);
  const last = text.charCodeAt(to - 1);
  const isPlain = (isDigit(first) || first === MINUS) && isDigit(last);
  // 0x10 is a number for JavaScript.
  if (!isPlain || (first === ZERO && to - from > 1 && text.charCodeAt(from + 1) > NINE)) {
    return undefined;
  }
  const value = Number(text.slice(from, to));
  return Number.isFinite(value) ? value : undefined;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

function readType(line: string, types: Map<string, FamilyType>): void {
  const [, name, type] = TYPE_LINE.exec(line) ?? [];
  if (name === undefined || type === undefined || !TYPES.includes(type)) return;
  if (types.size >= MAX_FAMILIES) throw new ExpositionError(`more than ${MAX_FAMILIES} families`);
  if (!types.has(name)) types.set(name, type as FamilyType);
}

/**
 * Where the name ends, or the brace behind the labels; -1 where there is none. Behind it stand only
 * numbers, so it is the last brace.
 */
function endOfHead(line: string): number {
  if (line.includes(OPENING_BRACE)) return line.lastIndexOf('}') + 1 || NONE;
  return line.search(/[ \t]/);
}

function parseNumber(line: string, from: number): number | undefined {
  const [, text] = NUMBER.exec(line.slice(from)) ?? [];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isNaN(number)) return number;
  if (/nan/i.test(text)) return Number.NaN;
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
