import * as z from 'zod/mini';
import { type Codec, createCodec, textOf, wrongType } from './codec.ts';
import { Opaque } from './secret.ts';

/** Text that is secret: a password, a token, a key. */
export function opaque(): Codec<Opaque> {
  return createCodec(
    (raw, context) => {
      if (raw instanceof Opaque) return raw;
      const value = textOf(raw);
      if (typeof value === 'string') return new Opaque(value);
      wrongType(context, 'string', undefined);
      return new Opaque('');
    },
    z.any(),
    { schema: { type: ['string'] }, encode: (value) => value, isText: true },
  );
}
