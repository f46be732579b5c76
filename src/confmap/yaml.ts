import {
  Document,
  isScalar,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type ScalarTag,
  visit,
} from 'yaml';
import { ConfigError } from '../errors.ts';
import { type Location, locationText, type Plain } from './conf.ts';
import { problemText } from './yaml-problems.ts';

/** A YAML document before its aliases are followed. */
export interface Syntax {
  readonly root: ParsedNode | null;
  /** The location of an offset in the text. */
  at(offset: number): Location;
}

/** Integers as Go's YAML has them: `0x1f`, `0b1`, `0o17` and `017`, with `_` between digits. */
const INT: ScalarTag = {
  identify: (value) => Number.isInteger(value),
  default: true,
  tag: 'tag:yaml.org,2002:int',
  test: /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[\da-f_]+|0|[1-9][\d_]*)$/i,
  resolve(text) {
    const digits = text.replace(/^[-+]/, '').replaceAll('_', '');
    const value = Number(digits.replace(/^0o?(?=\d)/i, '0o'));
    return text.startsWith('-') ? -value : value;
  },
};

const FLOAT: ScalarTag = {
  identify: (value) => typeof value === 'number',
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: /^[-+]?(?:\.\d[\d_]*|\d[\d_]*(?:\.[\d_]*)?)(?:e[-+]?\d+)?$/i,
  resolve: (text) => Number(text.replaceAll('_', '')),
};

const SCHEMA = {
  customTags: (tags: readonly unknown[]) => [INT, ...tags, FLOAT] as ScalarTag[],
  stringKeys: true,
} as const;

/**
 * Parses one YAML document. Throws ConfigError with file and line, never with text of the file;
 * what is given in one line `hasLines` not.
 */
export function parseSyntax(text: string, file: string, hasLines: boolean): Syntax {
  const lines = new LineCounter();
  const at = (offset: number) => ({
    file,
    line: hasLines ? lines.linePos(offset).line : undefined,
  });
  checkText(text, file);
  const document = parseDocument(text, {
    ...SCHEMA,
    ...{ merge: true, resolveKnownTags: false },
    ...{ lineCounter: lines, prettyErrors: false, logLevel: 'error' },
    // The walk over the tree checks that: here it takes time by the square of the keys.
    uniqueKeys: false,
  });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    throw new ConfigError(locationText(at(problem.pos[0])), problemText(problem));
  }
  return { root: document.contents, at };
}

/** A value as YAML that parses to the same value; secrets are masked. */
export function yamlText(value: Plain): string {
  const document = new Document(value, SCHEMA);
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value === '<<') key.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 });
}

const CONTROL = /[^\t\n\r\x20-\x7e\x85\xa0-\u{10ffff}]/u;

function checkText(text: string, file: string): void {
  const found = CONTROL.exec(text);
  if (found === null) return;
  const line = text.slice(0, found.index).split('\n').length;
  throw new ConfigError(locationText({ file, line }), 'control characters are not allowed');
}
