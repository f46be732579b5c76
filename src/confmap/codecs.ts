import * as z from 'zod/mini';
import { type Codec, createCodec, type Issues, textOf, typedOf, wrongType } from './codec.ts';
import { mapValues } from './conf.ts';
import { descriptionOf, EXPANSION, WITH_EXPANSION } from './json-schema.ts';

/** Text; what came from `${...}` is taken as written. */
export function text(): Codec<string> {
  return createCodec(
    (raw, context) => {
      const value = textOf(raw);
      if (typeof value !== 'string') wrongType(context, 'string', raw);
      return value;
    },
    z.any(),
    { schema: { type: ['string'] }, encode: (value) => value, isText: true },
  );
}

/** true or false. */
export function bool(): Codec<boolean> {
  const isRight = (value: unknown) => typeof value === 'boolean';
  return createCodec(scalar('bool', isRight), z.any(), {
    schema: { type: ['boolean', 'string'], pattern: EXPANSION },
    encode: (value) => value,
  });
}

/** A whole number within bounds. */
export function int(bounds: { min?: number; max?: number } = {}): Codec<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = bounds;
  const within = z.refine<number>((value) => value >= min && value <= max, {
    error: `must be between ${min} and ${max}`,
  });
  return createCodec(scalar('int', Number.isSafeInteger), z.number().check(within), {
    schema: { type: ['integer', 'string'], minimum: min, maximum: max, pattern: EXPANSION },
    encode: (value) => value,
  });
}

/** A number, whole or not, within bounds. */
export function float(bounds: { min?: number; max?: number } = {}): Codec<number> {
  const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE } = bounds;
  const within = z.refine<number>((value) => value >= min && value <= max, {
    error: `must be between ${min} and ${max}`,
  });
  return createCodec(scalar('float', Number.isFinite), z.number().check(within), {
    schema: { type: ['number', 'string'], minimum: min, maximum: max, pattern: EXPANSION },
    encode: (value) => value,
  });
}

/** One of a few words. */
export function oneOf<const Words extends readonly string[]>(
  ...words: Words
): Codec<Words[number]> {
  return createCodec<Words[number]>(textOf, z.enum([...words]), {
    schema: { type: ['string'], anyOf: [{ enum: words }, { pattern: WITH_EXPANSION }] },
    encode: (value) => value,
  });
}

/** A list; null is empty. One of texts may be written as one text with commas. */
export function list<T>(item: Codec<T>): Codec<T[]> {
  const { schema, encode, isText = false } = descriptionOf(item);
  return createCodec(
    (raw, context) => {
      const value = typedOf(raw) ?? [];
      if (isText && typeof value === 'string') return value === '' ? [] : value.split(',');
      if (!Array.isArray(value)) wrongType(context, 'list', raw);
      return value;
    },
    z.array(item),
    {
      schema: {
        ...{ type: ['array', 'null', 'string'], items: schema },
        ...(isText ? {} : { pattern: EXPANSION }),
      },
      encode: (values) => values.map((value) => encode(value)),
    },
  );
}

/** Which keys a record may have: these names, or what matches; `fault` says why another may not. */
export type Keys =
  | readonly string[]
  | { readonly pattern: RegExp; readonly fault: (key: string) => string };

/** A map of one kind of value; null is empty. */
export function record<T>(item: Codec<T>, keys?: Keys): Codec<Record<string, T>> {
  const { schema, encode } = descriptionOf(item);
  return createCodec(
    (raw, context) => checkKeys(mapOf(raw, context), context, keys),
    z.record(z.string(), item),
    {
      schema: { type: ['object', 'null', 'string'], ...keywords(), pattern: EXPANSION },
      encode: (value) => mapValues(value, (each) => encode(each)),
    },
  );

  function keywords(): Record<string, unknown> {
    if (keys === undefined) return { additionalProperties: schema };
    if ('pattern' in keys) {
      const patternProperties = { [keys.pattern.source]: schema };
      return { patternProperties, additionalProperties: false };
    }
    return { propertyNames: { enum: keys }, additionalProperties: schema };
  }
}

/** A map with these keys and no others; null and absence mean all defaults. */
export function section<const Shape extends z.core.$ZodShape>(
  shape: Shape,
  meaning?: string,
): Codec<z.infer<z.ZodMiniObject<Shape>>> {
  const names = Object.keys(shape);
  return createCodec(
    (raw, context) => checkKeys(mapOf(raw, context), context, names),
    z.object(shape),
    {
      schema: {
        ...(meaning === undefined ? {} : { description: meaning }),
        type: ['object', 'null', 'string'],
        properties: mapValues(shape, (codec) => descriptionOf(codec).schema),
        additionalProperties: false,
        pattern: EXPANSION,
      },
      encode: (value) =>
        mapValues(value, (each, key) => descriptionOf(shape[key] as object).encode(each)),
      keys: shape,
    },
  );
}

/**
 * What a key means, and its value when it is absent or null; an expansion to nothing is absent too,
 * except as text. `meaning` is for people.
 */
export function option<T>(codec: Codec<T>, value: NoInfer<T>, meaning: string): Codec<T> {
  const { schema, encode, isText = false } = descriptionOf(codec);
  const type = [...new Set([...schema.type, 'null'])];
  const isAbsent = (raw: unknown) => raw === null || (!isText && typedOf(raw) === null);
  return createCodec<T>(
    (raw) => (isAbsent(raw) ? undefined : raw),
    z._default(codec, value as never),
    {
      schema: { description: meaning, ...schema, type, default: encode(value) },
      encode,
      option: { meaning, default: value },
    },
  );
}

function scalar(name: string, isRight: (value: unknown) => boolean) {
  return (raw: unknown, context: Issues): unknown => {
    const value = typedOf(raw);
    if (!isRight(value)) wrongType(context, name, raw);
    return value;
  };
}

function mapOf(raw: unknown, context: Issues): unknown {
  const value = typedOf(raw) ?? {};
  if (typeof value === 'object' && !Array.isArray(value)) return value;
  wrongType(context, 'map', raw);
  return {};
}

function checkKeys(value: unknown, context: Issues, allowed: Keys | undefined): unknown {
  const keys = Object.keys(value as object);
  if (allowed === undefined) return value;
  if ('pattern' in allowed) {
    for (const key of keys.filter((each) => !allowed.pattern.test(each))) {
      const message = allowed.fault(key);
      context.issues.push({ code: 'custom', path: [key], input: value, message });
    }
    return value;
  }
  const unknown = keys.filter((key) => !allowed.includes(key));
  if (unknown.length > 0) {
    const issue = { code: 'unrecognized_keys', keys: unknown, valid: allowed, input: value };
    context.issues.push(issue);
  }
  return value;
}
