import { ConfigError } from '../errors.ts';

/** A component's id in YAML: `type` or `type/name`. */
export interface ComponentId {
  readonly type: string;
  readonly name: string;
  /** The id as written. */
  readonly text: string;
}

const TYPE = /^[a-zA-Z][0-9a-zA-Z_]{0,62}$/;

/** Parses an id by the Collector's grammar. `path` is the config section, for the error. */
export function parseComponentId(text: string, path: string): ComponentId {
  const slash = text.indexOf('/');
  const type = (slash < 0 ? text : text.slice(0, slash)).trim();
  const name = slash < 0 ? '' : text.slice(slash + 1).trim();
  if (slash >= 0 && name === '') {
    throw new ConfigError(path, `in "${text}" id: the part after / should not be empty`);
  }
  if (!TYPE.test(type)) {
    throw new ConfigError(path, `in "${text}" id: the type must match ${TYPE.source}`);
  }
  return { type, name, text };
}
