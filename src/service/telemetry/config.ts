import type * as z from 'zod/mini';
import { type Codec, createCodec, type Issues, typedOf } from '../../confmap/codec.ts';
import { bool, int, list, oneOf, option, record, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { type Description, descriptionOf } from '../../confmap/json-schema.ts';
import { opaque } from '../../confmap/opaque.ts';
import { Opaque } from '../../confmap/secret.ts';
import { optionalSection } from '../../helper/optional-section.ts';

const LOGS = section(
  {
    level: option(
      oneOf('debug', 'info', 'warn', 'error'),
      'info',
      'the lowest level that is logged',
    ),
    encoding: option(oneOf('console', 'json'), 'console', 'the form of a line'),
    sampling: section(
      {
        enabled: option(bool(), true, 'whether lines that repeat are thinned out'),
        tick: option(duration(), 10_000, 'the time over which equal lines are counted'),
        initial: option(int({ min: 0 }), 10, 'how many equal lines of a tick are logged'),
        thereafter: option(
          int({ min: 0 }),
          100,
          'of the equal lines after those, each such one is logged; 0 is none',
        ),
      },
      'equal lines: of one level and message',
    ),
    initial_fields: option(record(text()), {}, 'fields that every line has'),
  },
  'what goes to stderr',
);

const PULL = optionalSection(
  {
    exporter: section({
      prometheus: section({
        host: option(text(), 'localhost', 'address to listen on'),
        port: option(int({ min: 0, max: 65_535 }), 9465, 'port to listen on; rows are at /metrics'),
        without_scope_info: option(bool(), true, 'leaves out the otel_scope_* labels'),
        with_resource_constant_labels: section(
          {
            included: option(list(text()), [], 'keys; `*` stands for any text'),
            excluded: option(list(text()), [], 'keys; `*` stands for any text'),
          },
          'which keys of the resource are labels of each row',
        ),
      }),
    }),
  },
  'serves to Prometheus',
);

const HEADERS = namedValues();

const PERIODIC = optionalSection(
  {
    interval: option(int({ min: 1 }), 60_000, 'between two pushes, in ms'),
    timeout: option(int({ min: 1 }), 30_000, 'for collecting and pushing, in ms'),
    exporter: section({
      otlp: section({
        protocol: option(oneOf('grpc'), 'grpc', 'the transport'),
        endpoint: option(
          text(),
          'http://localhost:4317',
          '`http://` is plain text, `https://` and no scheme are TLS',
        ),
        insecure: option(bool(), false, 'plain text where the endpoint has no scheme'),
        certificate: option(text(), '', 'PEM file of authorities; empty: those of the system'),
        client_certificate: option(text(), '', 'PEM file of the certificate to show'),
        client_key: option(text(), '', 'PEM file of its key'),
        headers: option(HEADERS, [], 'sent with each push: `{name: value}` or `[{name, value}]`'),
        compression: option(oneOf('gzip', 'none'), 'none', 'of a push'),
        timeout: option(int({ min: 1 }), 10_000, 'for one push, in ms'),
      }),
    }),
  },
  'pushes by OTLP',
);

/** `service::telemetry`, with the Collector's keys; absent keys of a reader are its defaults. */
export const TELEMETRY = section(
  {
    logs: LOGS,
    metrics: section(
      {
        level: option(
          oneOf('none', 'basic', 'normal', 'detailed'),
          'normal',
          'how much the readers get: docs/own-metrics.md has the level of each metric',
        ),
        readers: option(
          list(exactlyOne(section({ pull: PULL, periodic: PERIODIC }), ['pull', 'periodic'])),
          [],
          'who gets own metrics; nobody without',
        ),
      },
      'own metrics',
    ),
    resource: option(record(text()), {}, 'added to service.* and host.name of own metrics'),
  },
  'what the agent says of itself',
);

/** The decoded section; durations in ms. */
export type TelemetryConfig = z.infer<typeof TELEMETRY>;
/** What and how is logged. */
export type LogsConfig = TelemetryConfig['logs'];
/** Who gets own metrics. */
type MetricsConfig = TelemetryConfig['metrics'];
type ReaderConfig = MetricsConfig['readers'][number];
/** How own metrics are served. */
export type PrometheusConfig = NonNullable<ReaderConfig['pull']>['exporter']['prometheus'];
/** When own metrics are pushed. */
export type PeriodicConfig = NonNullable<ReaderConfig['periodic']>;

/** Both forms that the configuration schema has had: a map, and a list of names and values. */
function namedValues(): Codec<{ name: string; value: Opaque }[]> {
  const item = section({
    name: option(text(), '', 'of a header'),
    value: option(opaque(), new Opaque(''), 'of a header'),
  });
  const inner = list(item);
  const { schema, encode } = descriptionOf(inner);
  const convert = (raw: unknown) => {
    const given = typedOf(raw);
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return raw;
    return Object.entries(given).map(([name, value]) => ({ name, value }));
  };
  return createCodec<{ name: string; value: Opaque }[]>(convert, inner, {
    schema: { ...schema, type: [...new Set([...schema.type, 'object'])] },
    encode,
  });
}

/** A map of which one key, and no more, is there. */
function exactlyOne<T>(inner: Codec<T>, names: readonly string[]): Codec<T> {
  return createCodec(
    (raw, context: Issues) => {
      const given = Object.keys((typedOf(raw) ?? {}) as object);
      if (given.length !== 1 && given.every((key) => names.includes(key))) {
        const message = `must have exactly one of: ${names.join(', ')}`;
        context.issues.push({ code: 'custom', input: raw, message });
      }
      return raw;
    },
    inner,
    descriptionOf(inner) as Description<T>,
  );
}
