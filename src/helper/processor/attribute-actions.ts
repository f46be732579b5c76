import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { createCodec, typedOf } from '../../confmap/codec.ts';
import { list, oneOf, option, section, text } from '../../confmap/codecs.ts';
import { ConfigError } from '../../errors.ts';
import type { Labels } from '../../pdata/series.ts';
import { goRegExp } from './text-test.ts';

const ACTIONS = ['insert', 'update', 'upsert', 'delete', 'hash', 'extract', 'convert'] as const;

/** The `actions` of the attributes processor and the `attributes` of the resource processor. */
export const ACTION_LIST = list(
  section({
    key: option(text(), '', 'the attribute that is changed'),
    action: option(oneOf(...ACTIONS), 'upsert', 'what is done to it'),
    value: option(scalarText(), '', 'the new value'),
    from_attribute: option(text(), '', 'the attribute whose value is taken'),
    pattern: option(text(), '', 'for `extract`: a regular expression with named groups'),
    converted_type: option(oneOf('string', ''), '', 'for `convert`: attributes here are texts'),
  }),
);

/** The decoded actions. */
export type Actions = z.infer<typeof ACTION_LIST>;

/** Applies actions in order; gives a new object. */
export type ApplyActions = (attributes: Labels) => Record<string, string>;

/** Checks the actions and makes them a function; `path` is their key. Throws ConfigError. */
export function createActions(actions: Actions, path: string): ApplyActions {
  if (actions.length === 0) throw new ConfigError(path, 'must have at least one action');
  const steps = actions.map((action, i) => stepOf(action, `${path}::${i}`));
  return (attributes) => {
    const result = { ...attributes };
    for (const step of steps) step(result);
    return result;
  };
}

type Step = (attributes: Record<string, string>) => void;

function stepOf(action: Actions[number], path: string): Step {
  const { key, action: kind, pattern } = action;
  if (key === '') throw new ConfigError(`${path}::key`, 'is required');
  switch (kind) {
    case 'delete':
      return (attributes) => {
        delete attributes[key];
      };
    case 'hash':
      return (attributes) => {
        const value = attributes[key];
        if (value !== undefined) {
          attributes[key] = createHash('sha256').update(value).digest('hex');
        }
      };
    case 'extract':
      return extract(key, withGroups(pattern, `${path}::pattern`));
    case 'convert':
      return () => {};
    default:
      return assign(action, kind, path);
  }
}

function assign(
  { key, value, from_attribute: from }: Actions[number],
  kind: 'insert' | 'update' | 'upsert',
  path: string,
): Step {
  if ((value === '') === (from === '')) {
    throw new ConfigError(path, `${kind} needs either value or from_attribute`);
  }
  return (attributes) => {
    const isThere = attributes[key] !== undefined;
    const next = from === '' ? value : attributes[from];
    const isWanted = kind === 'upsert' || isThere === (kind === 'update');
    if (isWanted && next !== undefined) attributes[key] = next;
  };
}

function extract(key: string, pattern: RegExp): Step {
  return (attributes) => {
    const value = attributes[key];
    const { groups = {} } = (value !== undefined && pattern.exec(value)) || {};
    for (const [name, found = ''] of Object.entries(groups)) attributes[name] = found;
  };
}

function withGroups(pattern: string, path: string): RegExp {
  const made = goRegExp(pattern, path);
  if (/\(\?</.test(made.source)) return made;
  throw new ConfigError(path, 'needs at least one named group, such as (?P<team>[a-z]+)');
}

/** A scalar of any type, as the text that attributes are. */
function scalarText() {
  return createCodec<string>(
    (raw, context) => {
      const value = typedOf(raw);
      if (/^(string|number|boolean)$/.test(typeof value)) return String(value);
      context.issues.push({ code: 'custom', input: raw, message: 'expected a scalar' });
      return '';
    },
    z.any(),
    { schema: { type: ['string', 'number', 'boolean'] }, encode: (value) => value },
  );
}
