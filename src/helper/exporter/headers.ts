import type { Opaque } from '../../confmap/secret.ts';
import { ConfigError } from '../../errors.ts';
import { isHeaderName, isHeaderValue } from '../header.ts';

/** What a connection says of itself; a request would fail with another. */
const RESERVED =
  /^(connection|content-length|expect|keep-alive|proxy-.*|te|transfer-encoding|upgrade)$/;

/**
 * The headers of an exporter by names in lower case. Throws a ConfigError that names the header, never
 * its value.
 */
export function headersOf(
  headers: Readonly<Record<string, Opaque>>,
  path: string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, secret]) => {
      const key = `${path}::headers::${name}`;
      const value = secret.reveal();
      if (!isHeaderName(name)) throw new ConfigError(key, 'is no name of a header');
      if (RESERVED.test(name.toLowerCase())) throw new ConfigError(key, 'is not for you to set');
      if (isHeaderValue(value)) return [name.toLowerCase(), value];
      throw new ConfigError(key, 'the value has a character that no header takes');
    }),
  );
}
