import { ConfigError } from '../errors.ts';

/** A component's id in YAML: `type` or `type/name`. */
export interface ComponentId {
  readonly type: string;
  readonly name: string;
  /** The id as written. */
  readonly text: string;
}

const TYPE = /^[a-zA-Z][0-9a-zA-Z_]{0,62}$/;
const NAME = /^[^\p{Z}\p{C}\p{S}]+$/u;
const MAX_NAME = 1024;

/** Parses an id by the Collector's grammar. `path` is the config section, for the error. */
export function parseComponentId(text: string, path: string): ComponentId {
  const slash = text.indexOf('/');
  const type = (slash < 0 ? text : text.slice(0, slash)).trim();
  const name = slash < 0 ? '' : text.slice(slash + 1).trim();
  const problem = problemOf(type, slash < 0 ? undefined : name);
  if (problem !== undefined) {
    const isEmpty = type === '' && slash < 0;
    throw new ConfigError(path, isEmpty ? problem : `in "${text}" id: ${problem}`);
  }
  return { type, name, text };
}

function problemOf(type: string, name: string | undefined): string | undefined {
  if (type === '') {
    return name === undefined ? 'id must not be empty' : 'the part before / should not be empty';
  }
  if (name === '') return 'the part after / should not be empty';
  if (!TYPE.test(type)) return `invalid character(s) in type "${type}"`;
  if (name === undefined) return undefined;
  if (name.length > MAX_NAME) return `the name is longer than ${MAX_NAME} characters`;
  return NAME.test(name) ? undefined : `invalid character(s) in name "${name}"`;
}
