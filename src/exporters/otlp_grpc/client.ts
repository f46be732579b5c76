import type { ChannelOptions, Client, Metadata, ServiceError } from '@grpc/grpc-js';
import type { ClientCertificates, ClientTls } from '../../helper/client-tls.ts';
import type { Connection, ExportRequest, PartialSuccess } from '../../helper/exporter/request.ts';
import { SendError } from '../../helper/exporter/request.ts';
import { decodeResponse, decodeRetryDelay } from '../../pdata/otlp/response.ts';
import type { Config } from './config.ts';
import type { Target } from './endpoint.ts';

const METHOD = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';
const STATUS_DETAILS = 'grpc-status-details-bin';
/** CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS (OTLP, failures). */
const RETRYABLE = [1, 4, 10, 11, 14, 15];
const RESOURCE_EXHAUSTED = 8;
/** grpc-js: the algorithm by number. */
const GZIP = 2;

/** Opens the channel; it connects by itself when needed. grpc-js is loaded here and not before. */
export async function openClient(
  config: Config,
  { address, isPlain }: Target,
  certificates: ClientCertificates,
): Promise<Connection> {
  const grpc = await import('@grpc/grpc-js');
  const credentials = isPlain
    ? grpc.credentials.createInsecure()
    : grpc.credentials.createSsl(
        certificates.ca ?? null,
        certificates.key ?? null,
        certificates.cert ?? null,
        config.tls.insecure_skip_verify ? { checkServerIdentity: () => undefined } : {},
      );
  const client: Client = new grpc.Client(address, credentials, channelOptions(config, config.tls));
  const metadata: Metadata = new grpc.Metadata({ waitForReady: config.wait_for_ready });
  for (const [key, value] of Object.entries(config.headers)) metadata.set(key, value.reveal());
  return { send, close: async () => client.close() };

  function send({ bytes }: ExportRequest, signal: AbortSignal) {
    return new Promise<PartialSuccess | undefined>((resolve, reject) => {
      const call = client.makeUnaryRequest(
        METHOD,
        (message: Buffer) => message,
        decodeResponse,
        bytes,
        metadata,
        (error, partial) =>
          error === null ? resolve(partial ?? undefined) : reject(failure(error)),
      );
      const abort = () => call.cancel();
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      call.once('status', () => signal.removeEventListener('abort', abort));
    });
  }
}

function channelOptions(config: Config, tls: ClientTls): ChannelOptions {
  const { keepalive, authority } = config;
  return {
    'grpc.max_receive_message_length': 64 * 1024,
    'grpc.max_send_message_length': -1,
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

function failure(error: ServiceError): SendError {
  const [details] = error.metadata?.get(STATUS_DETAILS) ?? [];
  const throttle = Buffer.isBuffer(details) ? retryDelay(details) : undefined;
  const isRetryable =
    RETRYABLE.includes(error.code) || (error.code === RESOURCE_EXHAUSTED && throttle !== undefined);
  return new SendError(`rpc error: ${error.message}`, isRetryable, throttle ?? 0);
}

function retryDelay(details: Buffer): number | undefined {
  try {
    return decodeRetryDelay(details);
  } catch {
    return undefined;
  }
}
