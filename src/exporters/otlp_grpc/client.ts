import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { ChannelCredentials, ChannelOptions, Client, Metadata } from '@grpc/grpc-js';
import type { Credentials } from '../../component/authenticator.ts';
import type { Connection, ExportRequest, PartialSuccess } from '../../helper/exporter/request.ts';
import { decodeResponse } from '../../pdata/otlp/response.ts';
import type { Config } from './config.ts';
import type { Target } from './endpoint.ts';
import { failureOf } from './failure.ts';

const METHOD = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';
/** grpc-js: the algorithm by number. */
const GZIP = 2;

/** What a client is made of besides its options. */
export interface ClientSettings {
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
  /** What to log in with at this moment. */
  readonly credentials: (() => Credentials) | undefined;
}

/** Loads grpc-js, and not before. What it gives opens a channel, which connects when it is needed. */
export async function loadClient(
  config: Config,
  { target, headers, credentials }: ClientSettings,
): Promise<(tls: SecureContextOptions) => Connection> {
  const grpc = await import('@grpc/grpc-js');
  const common: Metadata = new grpc.Metadata({ waitForReady: config.wait_for_ready });
  for (const [name, value] of Object.entries(headers)) {
    common.set(name, name.endsWith('-bin') ? Buffer.from(value) : value);
  }
  return (tls) => {
    const channel = channelOptions(config, target);
    return connectionOf(new grpc.Client(target.address, transport(tls), channel));
  };

  function transport(tls: SecureContextOptions): ChannelCredentials {
    if (target.isPlain) return grpc.credentials.createInsecure();
    const skips = { checkServerIdentity: () => undefined, rejectUnauthorized: false };
    return grpc.credentials.createFromSecureContext(
      createSecureContext(tls),
      config.tls.insecure_skip_verify ? skips : {},
    );
  }

  function connectionOf(client: Client): Connection {
    return { send, close: async () => client.close() };

    function send({ bytes }: ExportRequest, signal: AbortSignal) {
      return new Promise<PartialSuccess | undefined>((resolve, reject) => {
        const call = client.makeUnaryRequest(
          METHOD,
          (message: Buffer) => message,
          readResponse,
          bytes,
          metadata(),
          config.timeout > 0 ? { deadline: Date.now() + config.timeout } : {},
          (error, partial) =>
            error === null ? resolve(partial ?? undefined) : reject(failureOf(error)),
        );
        const abort = () => call.cancel();
        if (signal.aborted) abort();
        signal.addEventListener('abort', abort, { once: true });
        call.once('status', () => signal.removeEventListener('abort', abort));
      });
    }
  }

  function metadata(): Metadata {
    if (credentials === undefined) return common;
    const own = common.clone();
    const { header, value } = credentials();
    own.set(header, value);
    return own;
  }
}

/** It was taken: what is wrong with the answer changes nothing. */
function readResponse(bytes: Buffer): PartialSuccess | undefined {
  try {
    return decodeResponse(bytes);
  } catch {
    return undefined;
  }
}

function channelOptions(config: Config, { isLocal }: Target): ChannelOptions {
  const { keepalive, authority, tls } = config;
  return {
    'grpc.max_receive_message_length': 64 * 1024,
    'grpc.max_send_message_length': -1,
    // Else it grows to two minutes, in which every retry fails without a try.
    'grpc.max_reconnect_backoff_ms': Math.max(1000, config.retry_on_failure.max_interval),
    ...(isLocal ? { 'grpc.enable_http_proxy': 0 } : {}),
    ...(config.compression === 'gzip' ? { 'grpc.default_compression_algorithm': GZIP } : {}),
    ...(authority === '' ? {} : { 'grpc.default_authority': authority }),
    ...(tls.server_name_override === ''
      ? {}
      : { 'grpc.ssl_target_name_override': tls.server_name_override }),
    ...(keepalive.time > 0
      ? {
          'grpc.keepalive_time_ms': keepalive.time,
          'grpc.keepalive_timeout_ms': keepalive.timeout,
          'grpc.keepalive_permit_without_calls': keepalive.permit_without_stream ? 1 : 0,
        }
      : {}),
  };
}
