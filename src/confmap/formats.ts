import { type Codec, createFormat } from './codec.ts';
import { WITH_EXPANSION } from './json-schema.ts';

const UNITS: readonly (readonly [name: string, millis: number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ns', 1e-6],
];
const DURATION = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/;

/** A Go duration such as `1m30s`; decodes to milliseconds. */
export function duration(): Codec<number> {
  return createFormat('a duration such as "30s" or "1m30s", with a unit', parseDuration, {
    schema: {
      type: ['string', 'integer'],
      pattern: `${DURATION.source}|^0$|${WITH_EXPANSION}`,
      maximum: 0,
      minimum: 0,
    },
    encode: durationText,
  });
}

function parseDuration(value: unknown): number | undefined {
  if (value === 0 || value === '0') return 0;
  if (typeof value !== 'string' || !DURATION.test(value)) return undefined;
  const millisOf = new Map(UNITS);
  return [...value.matchAll(/([\d.]+)([a-zµ]+)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (millisOf.get(unit ?? '') ?? 0),
    0,
  );
}

/** Whole units only, the largest first; less than a millisecond is told in nanoseconds. */
function durationText(millis: number): string {
  let left = Math.floor(millis);
  let text = '';
  for (const [name, size] of UNITS) {
    if (size < 1 || left < size) continue;
    text += `${Math.floor(left / size)}${name}`;
    left %= size;
  }
  const nanos = Math.round((millis % 1) * 1e6);
  return `${text}${nanos > 0 ? `${nanos}ns` : ''}` || '0s';
}

const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};
const SIZE = /^(\d+(?:\.\d+)?)(B|[KMGT]iB|kB|[MGT]B)$/;

/** A size such as `512MiB` or `1.5GB`, or a whole number of bytes; decodes to bytes. */
export function size(): Codec<number> {
  return createFormat('a size such as "512MiB", or bytes', parseSize, {
    schema: {
      type: ['string', 'integer'],
      pattern: `${SIZE.source}|${WITH_EXPANSION}`,
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
    },
    encode: sizeText,
  });
}

function parseSize(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const match = SIZE.exec(typeof value === 'string' ? value : `${value}B`);
  if (match === null) return undefined;
  const bytes = Number(match[1]) * (SIZES[match[2] ?? ''] ?? 1);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** In the largest binary unit that is whole. */
function sizeText(bytes: number): string {
  const units = ['TiB', 'GiB', 'MiB', 'KiB'] as const;
  const unit = units.find((name) => bytes > 0 && bytes % (SIZES[name] ?? 1) === 0) ?? 'B';
  return `${bytes / (SIZES[unit] ?? 1)}${unit}`;
}

/** Permissions in octal, such as `"0750"`, as text. */
export function permissions(): Codec<number> {
  const PATTERN = /^0?[0-7]{3}$/;
  return createFormat<number>(
    'permissions in octal, such as "0750", quoted',
    (value) =>
      typeof value === 'string' && PATTERN.test(value) ? Number.parseInt(value, 8) : undefined,
    {
      schema: { type: ['string'], pattern: `${PATTERN.source}|${WITH_EXPANSION}` },
      encode: (value) => `0${value.toString(8).padStart(3, '0')}`,
    },
  );
}

/** A host and a port to listen on. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const ENDPOINT =
  /^(\[[^\]]+\]|[^:/[\]]*):([0-5]?\d{1,4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/;

/** `host:port`, `:port` or `[v6]:port`. */
export function endpoint(): Codec<Endpoint> {
  return createFormat(
    'host:port, such as "localhost:9464", without a scheme',
    (value) => {
      const match = typeof value === 'string' ? ENDPOINT.exec(value) : null;
      if (match === null) return undefined;
      return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port: Number(match[2]) };
    },
    {
      schema: { type: ['string'], pattern: `${ENDPOINT.source}|${WITH_EXPANSION}` },
      encode: ({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
    },
  );
}

/** A pattern of paths: `*` and `?` within one part, `**` across parts. */
export interface Glob {
  readonly text: string;
  matches(path: string): boolean;
}

/** A glob over the whole path. */
export function glob(): Codec<Glob> {
  return createFormat('a glob such as "/kubepods*/**"', parseGlob, {
    schema: { type: ['string'], minLength: 1 },
    encode: ({ text }) => text,
  });
}

function parseGlob(value: unknown): Glob | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const source = value.replaceAll(/\*\*|[*?]|[^*?]+/g, (part) => {
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : part.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  });
  const pattern = new RegExp(`^${source}$`, 's');
  return { text: value, matches: (path) => pattern.test(path) };
}
