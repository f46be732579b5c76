import type * as z from 'zod/mini';
import { ConfigError } from '../errors.ts';
import { type Conf, isMap, locationText, type Plain, plain } from './conf.ts';
import { faultLines } from './faults.ts';

/**
 * Decodes a conf by a schema. Throws one ConfigError with a line for each fault, each with file,
 * line and key path joined by `::`. `prefix` is where the conf stands in the whole.
 */
export function decode<T>(schema: z.ZodMiniType<T>, conf: Conf, prefix: readonly string[] = []): T {
  const result = schema.safeParse(conf.value);
  if (result.success) return result.data;
  const faults = result.error.issues.flatMap((issue) => describe(issue, conf));
  const lines = faults.map(({ path, text }) => {
    const at = conf.locate(path);
    const key = [...prefix, ...path.map(String)].join('::');
    return `${at === undefined ? '' : `${locationText(at)}: `}${key}: ${text}`;
  });
  throw new ConfigError('', faultLines(lines), { stage: 'decode' });
}

const MAX_DISTANCE = 2;

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

function describe(issue: z.core.$ZodIssue, conf: Conf): Fault[] {
  const { path } = issue;
  const name = String(path.at(-1) ?? '');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const allowed = allowedKeys(issue);
      return issue.keys.map((key) => ({
        path: [...path, key],
        text: `unknown key${suggestion(key, allowed)} (valid keys: ${allowed.join(', ')})`,
      }));
    }
    case 'invalid_type': {
      const found = typeName(valueAt(conf.value, path));
      const text = `'${name}' expected type '${issue.expected}', got unconvertible type '${found}'`;
      return [{ path, text }];
    }
    case 'invalid_value':
      return [{ path, text: `expected one of: ${issue.values.join(', ')}` }];
    default:
      return [{ path, text: issue.message }];
  }
}

/** The codec of a section adds its keys to the issue. */
function allowedKeys(issue: z.core.$ZodIssueUnrecognizedKeys): readonly string[] {
  return (issue as { valid?: readonly string[] }).valid ?? [];
}

function suggestion(key: string, allowed: readonly string[]): string {
  const close = allowed
    .filter((candidate) => Math.abs(candidate.length - key.length) <= MAX_DISTANCE)
    .map((candidate) => ({ candidate, edits: distance(key, candidate) }))
    .filter(({ edits }) => edits <= MAX_DISTANCE)
    .sort((a, b) => a.edits - b.edits);
  const near = close[0]?.candidate;
  return near === undefined ? '' : `, did you mean "${near}"?`;
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function valueAt(value: Plain, path: readonly PropertyKey[]): Plain {
  let at = plain(value);
  for (const key of path) at = plain((at as Record<string, Plain> | null)?.[String(key)] ?? null);
  return at;
}

function typeName(value: Plain): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (isMap(value)) return 'map';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
