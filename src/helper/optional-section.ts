import * as z from 'zod/mini';
import { type Codec, createCodec, textOf } from '../confmap/codec.ts';
import { section } from '../confmap/codecs.ts';
import { descriptionOf } from '../confmap/json-schema.ts';

/**
 * A section whose absence is not the same as its defaults: undefined when absent or null. One that
 * is there but empty, as after an unset variable, is decoded, so that its owner can refuse it.
 */
export function optionalSection<const Shape extends z.core.$ZodShape>(
  shape: Shape,
  meaning: string,
): Codec<z.infer<z.ZodMiniObject<Shape>> | undefined> {
  const inner = section(shape, meaning);
  const { schema, encode, keys } = descriptionOf(inner);
  return createCodec((raw) => (raw === null ? undefined : textless(raw)), z.optional(inner), {
    schema,
    encode: (value) => (value === undefined ? null : encode(value)),
    ...(keys === undefined ? {} : { keys }),
  });
}

/** An expansion to nothing is an empty section, never an absent one. */
function textless(raw: unknown): unknown {
  return textOf(raw) === '' ? {} : raw;
}
