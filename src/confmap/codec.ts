import * as z from 'zod/mini';
import { Expanded } from './conf.ts';
import { type Description, describe } from './json-schema.ts';

const MAX_SHOWN = 100;

/** A zod schema that decodes plain values and is described. */
export type Codec<T> = z.ZodMiniType<T>;

/** What a conversion adds its faults to. */
export interface Issues {
  readonly issues: unknown[];
}

/**
 * Makes a codec of two steps: `convert` takes the raw value, `schema` what it gives. zod cannot
 * tell that they fit; this is the one place that says so.
 */
export function createCodec<T>(
  convert: (raw: unknown, context: Issues) => unknown,
  schema: unknown,
  description: Description<T>,
): Codec<T> {
  const transform = z.transform((raw, context) => convert(raw, context as Issues));
  const codec = z.pipe(transform, schema as Codec<T>) as unknown as Codec<T>;
  return describe(codec, description);
}

/** Makes a codec of text in a form of its own; `convert` gives undefined for what is not in it. */
export function createFormat<T>(
  what: string,
  convert: (value: unknown) => T | undefined,
  description: Description<T>,
): Codec<T> {
  return createCodec(
    (raw, context) => {
      const value = convert(textOf(raw));
      if (value === undefined) {
        const message = `expected ${what}, got ${shown(raw)}`;
        context.issues.push({ code: 'custom', input: raw, message });
      }
      return value;
    },
    z.any(),
    description,
  );
}

/** A value for a message; what an expansion stands for may be secret and is not told. */
function shown(raw: unknown): string {
  if (raw instanceof Expanded) return `what ${raw.reference} stands for`;
  const text = JSON.stringify(raw);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

/** A raw value with an expansion taken by its type. */
export function typedOf(raw: unknown): unknown {
  return raw instanceof Expanded ? raw.value : raw;
}

/** A raw value with an expansion taken as written. */
export function textOf(raw: unknown): unknown {
  return raw instanceof Expanded ? raw.text : raw;
}

/** Adds the fault of a value that has another type. */
export function wrongType(context: Issues, expected: string, input: unknown): void {
  context.issues.push({ code: 'invalid_type', expected, input });
}
