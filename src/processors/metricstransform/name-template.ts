import { ConfigError } from '../../errors.ts';

/** A new name that may have groups of a match in it, in Go's form: `$1`, `$name`, `${name}`, `$$`. */
export interface NameTemplate {
  /** The name for a match; '' where nothing is left. */
  expand(match: RegExpExecArray): string;
  /** True for every name that it can give. */
  mayGive(name: string): boolean;
}

const REFERENCE = /\$(?:\$|\{(\w+)\}|(\w+))/g;

/** Parses the template for matches of `pattern`. Throws a ConfigError for a group it has not. */
export function parseNameTemplate(text: string, pattern: RegExp, path: string): NameTemplate {
  const groups = groupsOf(pattern);
  for (const [reference, braced, bare] of text.matchAll(REFERENCE)) {
    const group = braced ?? bare;
    if (group === undefined || groups.has(group)) continue;
    throw new ConfigError(path, `${reference} is no group of include (groups: ${[...groups]})`);
  }
  const literals = text.split(/\$(?:\{\w+\}|\w+)/).map((part) => part.replaceAll('$$', '$'));
  const escaped = literals.map((part) => part.replaceAll(/[.+*?^${}()|[\]\\]/g, '\\$&'));
  const possible = new RegExp(`^${escaped.join('.*')}$`, 's');
  return {
    expand: (match) =>
      text.replaceAll(REFERENCE, (_, braced?: string, bare?: string) => {
        const group = braced ?? bare;
        return group === undefined ? '$' : (match[Number(group)] ?? match.groups?.[group] ?? '');
      }),
    mayGive: (name) => possible.test(name),
  };
}

/** The numbers and names of its groups; 0 is the whole match. */
function groupsOf({ source }: RegExp): Set<string> {
  const match = new RegExp(`${source}|`).exec('') as RegExpExecArray;
  return new Set([...Array.from(match.keys(), String), ...Object.keys(match.groups ?? {})]);
}
