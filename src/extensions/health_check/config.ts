import type * as z from 'zod/mini';
import { option, section, text } from '../../confmap/codecs.ts';
import { httpServerOptions } from '../../helper/http-server/options.ts';

/** The options of the health_check extension. */
export const CONFIG = section({
  ...httpServerOptions({ host: 'localhost', port: 13134 }),
  path: option(text(), '/', "the Collector's one path: 200 while the agent is ready and alive"),
  response_body: section({
    healthy: option(text(), '', 'body of a 200 there, instead of JSON'),
    unhealthy: option(text(), '', 'body of a 503 there'),
  }),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
