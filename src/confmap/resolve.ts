import { readFileSync, statSync } from 'node:fs';
import { ConfigError } from '../errors.ts';
import type { Conf } from './conf.ts';
import { confOf, mergeSources, parseYaml, type Source } from './document.ts';
import { expandTree } from './expand.ts';

/** What the resolver takes from outside. */
export interface ResolveOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Texts that stand for files of these names. */
  readonly builtIn?: Readonly<Record<string, string>>;
  warn(message: string): void;
}

const SCHEMES = ['file', 'env', 'yaml'];
const MAX_BYTES = 1024 * 1024;
const VARIABLE = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Reads `--config` URIs (`file:` by default, `env:`, `yaml:`) and `--set` items in order, merges
 * and expands them. Throws ConfigError naming the file, line or URI.
 */
export function resolve(
  uris: readonly string[],
  sets: readonly string[],
  options: ResolveOptions,
): Conf {
  const sources = [
    ...uris.map((uri) => readUri(uri, options)),
    ...sets.map((item) => parseSetting(item)),
  ];
  const merged = mergeSources(sources);
  const value = expandTree(merged.value, (scheme, opaque) => lookup(scheme, opaque, options));
  return { ...confOf(merged), value };
}

function readUri(uri: string, options: ResolveOptions): Source {
  const builtIn = options.builtIn?.[uri];
  if (builtIn !== undefined) return parseYaml(builtIn, uri);
  const match = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(uri);
  const [scheme, opaque] = match === null ? ['file', uri] : [match[1] ?? '', match[2] ?? ''];
  if (scheme === 'file') return parseYaml(readFile(opaque), opaque);
  if (scheme === 'yaml') return parseYaml(nested(opaque), uri);
  if (scheme !== 'env') throw unknownScheme(scheme, uri);
  const text = options.env[opaque];
  if (text === undefined) throw new ConfigError(uri, 'this environment variable is not set');
  return parseYaml(text, uri);
}

/** `a::b: c` is `{a: {b: c}}`. */
function nested(text: string): string {
  const colon = /:(?=\s|$)/.exec(text)?.index ?? text.length;
  const keys = text.slice(0, colon).split('::');
  const lines = keys.map((key, depth) => `${' '.repeat(depth)}${key.trim()}:`);
  return lines.join('\n') + text.slice(colon + 1);
}

function parseSetting(item: string): Source {
  const equals = item.indexOf('=');
  if (equals <= 0) throw new ConfigError(`--set ${item}`, 'expected key.subkey=value');
  const keys = item.slice(0, equals).split('.').join('::');
  const source = parseYaml(nested(`${keys}: ${item.slice(equals + 1)}`), `--set ${item}`);
  const locations = [...source.locations].map(
    ([key, { file }]) => [key, { file, line: undefined }] as const,
  );
  return { value: source.value, locations: new Map(locations) };
}

function lookup(scheme: string, opaque: string, options: ResolveOptions): string {
  if (scheme === 'file') return readFile(opaque).trimEnd();
  if (scheme === 'yaml') return opaque;
  if (scheme !== 'env') throw unknownScheme(scheme, `\${${scheme}:${opaque}}`);
  const split = opaque.indexOf(':-');
  const name = split < 0 ? opaque : opaque.slice(0, split);
  if (!VARIABLE.test(name)) {
    throw new ConfigError(`\${env:${opaque}}`, `"${name}" is not a name of a variable`);
  }
  const value = options.env[name];
  if (value !== undefined) return value;
  if (split >= 0) return opaque.slice(split + 2);
  options.warn(`environment variable ${name} is not set; it expands to nothing`);
  return '';
}

function unknownScheme(scheme: string, uri: string): ConfigError {
  return new ConfigError(uri, `unknown scheme "${scheme}" (allowed: ${SCHEMES.join(', ')})`);
}

function readFile(path: string): string {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw new ConfigError(path, 'this is not a regular file');
    if (stat.size > MAX_BYTES) throw new ConfigError(path, `larger than ${MAX_BYTES} bytes`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const reasons: Record<string, string> = {
      ENOENT: 'no such file; check the path after --config',
      EACCES: 'no right to read this file',
    };
    const reason = reasons[code ?? ''] ?? (error as Error).message;
    throw new ConfigError(path, reason, { cause: error });
  }
}
