import type * as z from 'zod/mini';
import { type Codec, createFormat } from '../../confmap/codec.ts';
import { bool, float, int, oneOf, option, record, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { WITH_EXPANSION } from '../../confmap/json-schema.ts';
import { opaque } from '../../confmap/opaque.ts';
import { ConfigError } from '../../errors.ts';
import { CLIENT_AUTH } from '../authenticators.ts';
import { optionalSection } from '../optional-section.ts';
import { CLIENT_TLS } from '../tls/options.ts';

type Compression = 'gzip' | 'none';

/** Just under the 4 MiB that most servers take. */
const MAX_REQUEST_BYTES = 4 * 2 ** 20 - 64 * 1024;

/** The options of every exporter that pushes, under the Collector's names; decoded to ms. */
export const PUSH_OPTIONS = {
  tls: CLIENT_TLS,
  auth: CLIENT_AUTH,
  headers: option(record(opaque()), {}, 'sent with each request'),
  compression: option(compression(), 'gzip', '`gzip` or `none`'),
  max_request_bytes: option(
    int({ min: 1024 }),
    MAX_REQUEST_BYTES,
    'requests are split below this size, uncompressed; a point that is larger is dropped',
  ),
  sending_queue: section(
    {
      enabled: option(bool(), true, 'off sends each batch at once'),
      num_consumers: option(int({ min: 1, max: 1000 }), 10, 'requests that are sent side by side'),
      queue_size: option(int({ min: 1 }), 1000, 'how much may wait, by `sizer`'),
      sizer: option(
        oneOf('requests', 'items', 'bytes'),
        'requests',
        'what `queue_size` counts: requests, data points or encoded bytes',
      ),
      block_on_overflow: option(
        bool(),
        false,
        'a full queue makes senders wait instead of refusing',
      ),
      wait_for_result: option(bool(), false, 'senders wait until their data was sent'),
      storage: option(
        text(),
        '',
        'id of the extension that keeps what waits on the disk, such as `file_storage`',
      ),
      batch: optionalSection(
        {
          flush_timeout: option(duration(), 200, 'how long a small request waits for more'),
          min_size: option(int({ min: 0 }), 8192, 'how much makes it wait no longer'),
          max_size: option(int({ min: 0 }), 0, 'how much it may have; 0: no bound'),
          sizer: option(
            oneOf('', 'items', 'bytes'),
            '',
            'what both count, `items` or `bytes`; empty: as above, `items` for requests',
          ),
        },
        'puts small requests together; absent: sends each as it came',
      ),
    },
    'what waits to be sent',
  ),
  retry_on_failure: retrySection(5_000),
};

/** The options of retries, with the first pause between two in ms. */
export function retrySection(initialMillis: number) {
  return section(
    {
      enabled: option(bool(), true, 'off drops what fails once'),
      initial_interval: option(duration(), initialMillis, 'before the first retry'),
      randomization_factor: option(
        float({ min: 0, max: 1 }),
        0.5,
        'how far an interval may be off, in parts of it',
      ),
      multiplier: option(float({ min: 0 }), 1.5, 'by how much intervals grow'),
      max_interval: option(duration(), 30_000, 'longest interval'),
      max_elapsed_time: option(duration(), 300_000, 'when to give up; `0s` is never'),
    },
    'what happens to a request that failed',
  );
}

type QueueOptions = z.infer<(typeof PUSH_OPTIONS)['sending_queue']>;
/** What waits in memory only and is sent as it came needs no more. */
type MoreOptions = 'storage' | 'batch';
/** The decoded queue and retry options. */
export type QueueConfig = Omit<QueueOptions, MoreOptions> &
  Partial<Pick<QueueOptions, MoreOptions>>;
export type RetryConfig = z.infer<(typeof PUSH_OPTIONS)['retry_on_failure']>;

/** Throws a ConfigError where retries would end before the longest pause between two. */
export function checkRetry(config: RetryConfig, path: string): void {
  const { enabled, max_elapsed_time: elapsed } = config;
  if (!enabled || elapsed === 0) return;
  for (const name of ['initial_interval', 'max_interval'] as const) {
    if (elapsed >= config[name]) continue;
    throw new ConfigError(`${path}::max_elapsed_time`, `must not be less than ${name}`);
  }
}

function compression(): Codec<Compression> {
  const known: Readonly<Record<string, Compression>> = { gzip: 'gzip', none: 'none', '': 'none' };
  return createFormat<Compression>(
    'a supported compression, which is gzip or none',
    (value) =>
      typeof value === 'string' && Object.hasOwn(known, value) ? known[value] : undefined,
    {
      schema: {
        type: ['string'],
        anyOf: [{ enum: ['gzip', 'none', ''] }, { pattern: WITH_EXPANSION }],
      },
      encode: (value) => value,
    },
  );
}
