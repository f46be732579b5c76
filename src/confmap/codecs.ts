import * as z from 'zod/mini';
import { Expanded } from './conf.ts';

type Issues = { issues: unknown[]; value: unknown };

/** Text; what came from `${...}` is taken as written. */
export function text(): z.ZodMiniType<string> {
  return piped((raw, context) => {
    const value = raw instanceof Expanded ? raw.text : raw;
    if (typeof value !== 'string') wrongType(context, 'string', raw);
    return value;
  }, z.any());
}

/** true or false. */
export function bool(): z.ZodMiniType<boolean> {
  return scalar('bool', (value) => typeof value === 'boolean');
}

/** A whole number within bounds. */
export function int(bounds: { min?: number; max?: number } = {}): z.ZodMiniType<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = bounds;
  return z.pipe(
    scalar<number>('int', (value) => Number.isSafeInteger(value)),
    z.number().check(
      z.refine((value) => value >= min && value <= max, {
        error: `must be between ${min} and ${max}`,
      }),
    ),
  );
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const DURATION = /^(\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;

/** A Go duration such as `1m30s`; decodes to milliseconds. */
export function duration(): z.ZodMiniType<number> {
  return converted('a duration such as "30s" or "1m30s", with a unit', (raw) => {
    const value = raw instanceof Expanded ? raw.text : raw;
    if (value === 0 || value === '0') return 0;
    if (typeof value !== 'string' || !DURATION.test(value)) return undefined;
    return [...value.matchAll(/([\d.]+)([a-zµ]+)/g)].reduce(
      (sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ''] ?? 0),
      0,
    );
  });
}

/** A host and a port to listen on. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `:port` or `[v6]:port`. */
export function endpoint(): z.ZodMiniType<Endpoint> {
  return converted('host:port, such as "localhost:9464", without a scheme', (raw) => {
    const value = raw instanceof Expanded ? raw.text : raw;
    const match =
      typeof value === 'string' ? /^(\[[^\]]+\]|[^:/[\]]*):(\d{1,5})$/.exec(value) : null;
    const port = Number(match?.[2]);
    if (match === null || port > 65_535) return undefined;
    return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
  });
}

/** A pattern of paths: `*` and `?` within one part, `**` across parts. */
export interface Glob {
  readonly text: string;
  matches(path: string): boolean;
}

/** A glob over the whole path. */
export function glob(): z.ZodMiniType<Glob> {
  return converted('a glob such as "/kubepods*/**"', (raw) => {
    const value = raw instanceof Expanded ? raw.text : raw;
    if (typeof value !== 'string' || value === '') return undefined;
    const source = value.replaceAll(/\*\*|[*?]|[^*?]+/g, (part) => {
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      return part === '?' ? '[^/]' : part.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
    });
    const pattern = new RegExp(`^${source}$`, 's');
    return { text: value, matches: (path) => pattern.test(path) };
  });
}

/** One of a few words. */
export function oneOf<const Words extends readonly string[]>(
  ...words: Words
): z.ZodMiniType<Words[number]> {
  return piped((raw) => (raw instanceof Expanded ? raw.text : raw), z.enum([...words]));
}

/** A list; null is empty. */
export function list<T>(item: z.ZodMiniType<T>): z.ZodMiniType<T[]> {
  return piped((raw, context) => {
    const value = unwrap(raw) ?? [];
    if (!Array.isArray(value)) wrongType(context, 'list', raw);
    return value;
  }, z.array(item));
}

/** A map with free keys; null is empty. */
export function record<T>(item: z.ZodMiniType<T>): z.ZodMiniType<Record<string, T>> {
  return piped(mapOf, z.record(z.string(), item));
}

/** A map with these keys and no others; null means all defaults. */
export function section<const Shape extends z.core.$ZodShape>(
  shape: Shape,
): z.ZodMiniType<z.infer<z.ZodMiniObject<Shape>>> {
  const valid = Object.keys(shape);
  return piped((raw, context) => {
    const value = mapOf(raw, context);
    const keys = Object.keys(value as object).filter((key) => !valid.includes(key));
    if (keys.length > 0)
      context.issues.push({ code: 'unrecognized_keys', keys, valid, input: raw });
    return value;
  }, z.object(shape));
}

/** The value of a key that is absent; null stands for it too. */
export function withDefault<T>(schema: z.ZodMiniType<T>, value: T): z.ZodMiniType<T> {
  const optional = z._default(schema, value as never);
  return piped((raw) => (raw === null ? undefined : raw), optional);
}

function unwrap(raw: unknown): unknown {
  return raw instanceof Expanded ? raw.value : raw;
}

/** zod cannot tell that `convert` gives what `schema` takes; this is the one place that says so. */
function piped<T>(
  convert: (raw: unknown, context: Issues) => unknown,
  schema: unknown,
): z.ZodMiniType<T> {
  const transform = z.transform((raw, context) => convert(raw, context as Issues));
  return z.pipe(transform, schema as z.ZodMiniType<T>) as unknown as z.ZodMiniType<T>;
}

function scalar<T>(name: string, isRight: (value: unknown) => boolean): z.ZodMiniType<T> {
  return piped((raw, context) => {
    const value = unwrap(raw);
    if (!isRight(value)) wrongType(context, name, raw);
    return value;
  }, z.any());
}

function converted<T>(what: string, convert: (raw: unknown) => T | undefined): z.ZodMiniType<T> {
  return piped((raw, context) => {
    const value = convert(raw);
    if (value === undefined) {
      const message = `expected ${what}, got ${JSON.stringify(unwrap(raw))}`;
      context.issues.push({ code: 'custom', input: raw, message });
    }
    return value;
  }, z.any());
}

function mapOf(raw: unknown, context: Issues): unknown {
  const value = unwrap(raw) ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) wrongType(context, 'map', raw);
  return value;
}

function wrongType(context: Issues, expected: string, input: unknown): void {
  context.issues.push({ code: 'invalid_type', expected, input });
}
