import { ConfigError } from '../../errors.ts';

/** How texts are compared: the Collector's `match_type`. */
export type MatchType = 'strict' | 'regexp';

/**
 * Makes the test of one text; `regexp` looks for a match anywhere in it, as Go does. Throws a
 * ConfigError that names `path`.
 */
export function textTest(type: MatchType, text: string, path: string): (given: string) => boolean {
  if (type === 'strict') return (given) => given === text;
  const pattern = goRegExp(text, path);
  return (given) => pattern.test(given);
}

/** A regular expression as Go writes it, whose `(?P<name>` is JavaScript's `(?<name>`. */
export function goRegExp(pattern: string, path: string): RegExp {
  try {
    return new RegExp(pattern.replaceAll('(?P<', '(?<'));
  } catch (error) {
    throw new ConfigError(path, (error as Error).message, { cause: error });
  }
}
