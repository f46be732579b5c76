import { ConfigError } from '../errors.ts';
import { readText } from './read.ts';

/** What the resolver takes from outside. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  warn(message: string): void;
}

/** A scheme and what it says of the rest: `env:NAME:-default`, `file:PATH`, `yaml:TEXT`. */
export interface Uri {
  readonly scheme: string;
  readonly opaque: string;
}

/** The schemes that exist. */
export const SCHEMES: readonly string[] = ['env', 'file', 'yaml'];

const URI = /^([a-z][a-z0-9+.-]+):([\s\S]*)$/i;
const VARIABLE = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Splits `scheme:opaque`; undefined where no scheme of two letters or more leads. */
export function parseUri(text: string): Uri | undefined {
  const match = URI.exec(text);
  if (match === null) return undefined;
  return { scheme: match[1] ?? '', opaque: match[2] ?? '' };
}

/** A URI for messages: what it holds itself may be secret, so only the name is told. */
export function uriText({ scheme, opaque }: Uri): string {
  if (scheme === 'file') return `file:${opaque}`;
  if (scheme === 'env') return `env:${opaque.split(':-')[0]}`;
  const keys = scheme === 'yaml' ? /^[\w./:-]+(?=:(\s|$))/.exec(opaque)?.[0] : undefined;
  return `${scheme}:${keys ?? '...'}`;
}

/** The text behind a URI; undefined for a variable that is not set. Throws ConfigError. */
export function retrieve(uri: Uri, { env }: Surroundings): string | undefined {
  const { scheme, opaque } = uri;
  if (scheme === 'file') return readText(opaque);
  if (scheme === 'yaml') return opaque;
  if (scheme === 'env') return variable(opaque, env);
  throw new ConfigError(uriText(uri), refusal(uri));
}

function variable(opaque: string, env: Surroundings['env']): string | undefined {
  const split = opaque.indexOf(':-');
  const name = split < 0 ? opaque : opaque.slice(0, split);
  if (!VARIABLE.test(name)) {
    const text = `environment variable "${name}" has invalid name: must match regex ${VARIABLE.source}`;
    throw new ConfigError('', text);
  }
  if (Object.hasOwn(env, name)) return env[name];
  return split < 0 ? undefined : opaque.slice(split + 2);
}

function refusal({ scheme, opaque }: Uri): string {
  const allowed = `scheme "${scheme}" is not supported (allowed: ${SCHEMES.join(', ')})`;
  if (opaque.startsWith('-')) return `${allowed}; a default needs one: \${env:${scheme}:-...}`;
  if (!/^https?$/.test(scheme)) return allowed;
  return `${allowed}: whoever answers there would decide what this agent reads and where it sends it; download the file, look at it, and give its path`;
}
