import type * as z from 'zod/mini';
import { int, option, text } from '../../confmap/codecs.ts';
import { duration, type Endpoint, endpoint } from '../../confmap/formats.ts';
import { optionalSection } from '../optional-section.ts';
import { SERVER_TLS } from '../tls/options.ts';

const AUTH = optionalSection(
  { authenticator: option(text(), '', 'id of the extension that says who may ask') },
  'authentication; absent means none',
);

/**
 * The options of everything that listens, to be spread into a `section`: the Collector's confighttp
 * where it has the key, and `max_connections`.
 */
export function httpServerOptions(defaultEndpoint: Endpoint) {
  return {
    endpoint: option(endpoint(), defaultEndpoint, '`host:port` to listen on'),
    tls: SERVER_TLS,
    auth: AUTH,
    max_connections: option(int({ min: 1 }), 256, 'connections at once; more are refused'),
    max_request_body_size: option(int({ min: 0 }), 65_536, 'bytes of a request body'),
    read_header_timeout: option(duration(), 5_000, 'for a TLS handshake, and for a request head'),
    read_timeout: option(duration(), 10_000, 'for a whole request'),
    write_timeout: option(
      duration(),
      30_000,
      'for the client to take a response, from its first byte',
    ),
    idle_timeout: option(duration(), 60_000, 'how long a connection may wait for a next request'),
  };
}

/** The decoded options of a server; durations in ms, sizes in bytes. */
export type HttpServerConfig = z.infer<z.ZodMiniObject<ReturnType<typeof httpServerOptions>>>;
