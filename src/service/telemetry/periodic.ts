import { readFileSync } from 'node:fs';
import type { ChannelCredentials, Metadata } from '@grpc/grpc-js';
import type { MetricProducer, PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { Telemetry } from '../../component/telemetry.ts';
import { ConfigError } from '../../errors.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import type { PeriodicConfig } from './config.ts';
import type { Reader } from './reader.ts';

type OtlpConfig = PeriodicConfig['exporter']['otlp'];

const SHUTDOWN_MILLIS = 3000;
const KEY = 'service::telemetry::metrics::readers::periodic::exporter::otlp';

/**
 * Pushes own metrics by OTLP over gRPC, at intervals and once more at the end. A push that fails is
 * said once, counted and not tried again: the next one has all that it had. Throws a ConfigError for
 * certificates that cannot be read.
 */
export async function startPeriodic(
  config: PeriodicConfig,
  producer: MetricProducer,
  telemetry: Telemetry,
): Promise<Reader> {
  const [grpc, { OTLPMetricExporter }, { PeriodicExportingMetricReader }] = await Promise.all([
    import('@grpc/grpc-js'),
    import('@opentelemetry/exporter-metrics-otlp-grpc'),
    import('@opentelemetry/sdk-metrics'),
  ]);
  const { otlp } = config.exporter;
  const metadata: Metadata = new grpc.Metadata();
  for (const { name, value } of otlp.headers) metadata.set(name, value.reveal());
  const credentials: ChannelCredentials = isPlain(otlp)
    ? grpc.credentials.createInsecure()
    : grpc.credentials.createSsl(
        read(otlp, 'certificate'),
        read(otlp, 'client_key'),
        read(otlp, 'client_certificate'),
      );
  const exporter = new OTLPMetricExporter({
    url: otlp.endpoint.includes('://') ? otlp.endpoint : `https://${otlp.endpoint}`,
    timeoutMillis: otlp.timeout,
    compression: otlp.compression as never,
    ...{ credentials, metadata },
  });
  const reader = new PeriodicExportingMetricReader({
    exporter: watched(exporter, otlp.endpoint, telemetry),
    exportIntervalMillis: config.interval,
    exportTimeoutMillis: Math.min(config.timeout, config.interval),
  });
  reader.setMetricProducer(producer);
  return {
    shutdown: () => reader.shutdown({ timeoutMillis: SHUTDOWN_MILLIS }).catch(() => {}),
  };
}

function isPlain({ endpoint, insecure }: OtlpConfig): boolean {
  return endpoint.includes('://') ? endpoint.startsWith('http://') : insecure;
}

function read(
  config: OtlpConfig,
  name: 'certificate' | 'client_key' | 'client_certificate',
): Buffer | null {
  if (config[name] === '') return null;
  try {
    return readFileSync(config[name]);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`${KEY}::${name}`, `cannot read ${config[name]}: ${code}`);
  }
}

/** Tells and counts failures; the reader would hand them to a handler of the whole process. */
function watched(
  exporter: PushMetricExporter,
  endpoint: string,
  telemetry: Telemetry,
): PushMetricExporter {
  const failures = telemetry.counter('sandgauge_telemetry_push_failures');
  const said = createLogOnce(telemetry.logger);
  return {
    export(metrics, done) {
      exporter.export(metrics, ({ code, error }) => {
        if (code === 0) {
          said.recovered('push', 'Own metrics arrive again', { endpoint });
        } else {
          failures.add(1);
          said.trouble('push', 'Own metrics do not arrive', { endpoint, error: error?.message });
        }
        done({ code: 0 });
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}
