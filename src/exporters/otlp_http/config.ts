import type * as z from 'zod/mini';
import { oneOf, option, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { opaque } from '../../confmap/opaque.ts';
import { Opaque } from '../../confmap/secret.ts';
import { PUSH_OPTIONS } from '../../helper/exporter/options.ts';

/** The options of the otlp_http exporter, under the Collector's names. */
export const CONFIG = section({
  endpoint: option(text(), '', 'base URL, to which `/v1/metrics` is added'),
  metrics_endpoint: option(text(), '', 'the whole URL, instead of `endpoint`'),
  encoding: option(oneOf('proto', 'json'), 'proto', '`proto` or `json`'),
  timeout: option(duration(), 30_000, 'longest attempt; `0s`: no bound'),
  proxy_url: option(
    opaque(),
    new Opaque(''),
    'proxy to send through, instead of the one that HTTPS_PROXY or HTTP_PROXY name',
  ),
  ...PUSH_OPTIONS,
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
