import type * as z from 'zod/mini';
import { createFormat } from '../../confmap/codec.ts';
import { bool, int, oneOf, option, record, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { WITH_EXPANSION } from '../../confmap/json-schema.ts';
import { opaque } from '../../confmap/opaque.ts';
import { Opaque } from '../../confmap/secret.ts';
import { PUSH_OPTIONS, retrySection } from '../../helper/exporter/options.ts';
import { LABEL_NAMES } from '../../helper/prometheus/labels.ts';

const VERSION_1 = 'prometheus.WriteRequest';

/** The options of the prometheusremotewrite exporter, under the Collector's names. */
export const CONFIG = section({
  endpoint: option(text(), '', 'the whole URL, such as `http://localhost:9090/api/v1/write`'),
  tls: PUSH_OPTIONS.tls,
  auth: PUSH_OPTIONS.auth,
  headers: option(record(opaque()), {}, 'sent with each request'),
  proxy_url: option(
    opaque(),
    new Opaque(''),
    'proxy to send through, instead of the one that HTTPS_PROXY or HTTP_PROXY name',
  ),
  timeout: option(duration(), 5_000, 'longest attempt; `0s`: no bound'),
  compression: option(oneOf('snappy'), 'snappy', '`snappy`, as the protocol has no other'),
  protobuf_message: option(
    message(),
    VERSION_1,
    `\`${VERSION_1}\`, which is version 1.0 of the protocol`,
  ),
  namespace: option(text(), '', 'stands before each name, with a `_`'),
  external_labels: option(
    record(text(), LABEL_NAMES),
    {},
    'labels that every series has, unless it has one of that name itself',
  ),
  add_metric_suffixes: option(bool(), false, 'adds units and `_total` to names that lack them'),
  resource_to_telemetry_conversion: section({
    enabled: option(bool(), false, "adds the node's resource attributes as labels"),
  }),
  target_info: section({
    enabled: option(
      bool(),
      true,
      'sends what else is known of a resource that has `service.name` or `service.instance.id`',
    ),
  }),
  send_metadata: option(bool(), false, 'sends type, help and unit of metrics with each batch'),
  max_batch_size_bytes: option(
    int({ min: 1024 }),
    3_000_000,
    'requests are split below this size, before compression',
  ),
  max_batch_request_parallelism: option(
    int({ min: 0, max: 1000 }),
    0,
    'requests of one batch that are sent side by side; 0 is `num_consumers`',
  ),
  max_series: option(int({ min: 1 }), 500_000, 'series kept in mind; points of more are refused'),
  remote_write_queue: section(
    {
      enabled: option(bool(), true, 'off sends each batch at once'),
      queue_size: option(int({ min: 1 }), 1_000, 'requests that may wait'),
      num_consumers: option(
        int({ min: 1, max: 1000 }),
        5,
        'requests of one batch that are sent side by side',
      ),
    },
    'what waits to be sent',
  ),
  retry_on_failure: retrySection(50),
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;

function message() {
  return createFormat<string>(
    `${VERSION_1}, as version 2.0 of the protocol is not spoken`,
    (value) => (value === VERSION_1 ? VERSION_1 : undefined),
    {
      schema: { type: ['string'], anyOf: [{ enum: [VERSION_1] }, { pattern: WITH_EXPANSION }] },
      encode: (value) => value,
    },
  );
}
