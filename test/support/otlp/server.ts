import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import {
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { DecodedRequest } from './decode.ts';
import { loadDecoder } from './decode.ts';

/** What a server answers to one request; nothing is success. */
interface Answer {
  readonly delayMillis?: number;
  /** A gRPC status code or an HTTP status. */
  readonly code?: number;
  readonly partial?: { readonly rejected: number; readonly message: string };
  /** A RetryInfo or a Retry-After, in seconds; of the latter also another text. */
  readonly retryAfter?: number | string;
  /** Breaks the connection instead of answering. */
  readonly breaks?: boolean;
  /** Called when it was taken, before the answer. */
  taken?(): void;
}

/** A double of a Collector: it takes OTLP metrics and answers as it is told. */
export interface OtlpServer {
  readonly port: number;
  /** Requests that were taken. */
  readonly taken: DecodedRequest[];
  /**
   * Headers of every request, taken or not, with `path` or `authority`, the `client` that its
   * certificate names, and the `deadline` in ms since the epoch.
   */
  readonly headers: Record<string, string>[];
  /** Answers for the next requests, in order. */
  readonly answers: Answer[];
  stop(): Promise<void>;
}

/** One that can ask its clients to connect anew. */
interface GrpcServer extends OtlpServer {
  /** Sends GOAWAY on each connection; what is under way ends there. */
  goAway(): void;
}

/** Starts one over gRPC, on a port of localhost or at an address. */
export async function startGrpcServer(
  at: number | string = 0,
  credentials = ServerCredentials.createInsecure(),
): Promise<GrpcServer> {
  const definition = loadSync(join(import.meta.dirname, 'metrics.proto'), { longs: String });
  const types = loadPackageDefinition(definition) as unknown as {
    opentelemetry: {
      proto: { collector: { metrics: { v1: { MetricsService: ServiceClientConstructor } } } };
    };
  };
  const { MetricsService } = types.opentelemetry.proto.collector.metrics.v1;
  const [taken, headers, answers] = [[], [], []] as [DecodedRequest[], never[], Answer[]];
  const server = new Server({ 'grpc.max_receive_message_length': 4 * 2 ** 20 });
  server.addService(MetricsService.service as ServiceDefinition, {
    async Export(
      call: ServerUnaryCall<DecodedRequest, object>,
      done: (error: object | null, reply?: object) => void,
    ) {
      (headers as Record<string, string>[]).push({
        ...(call.metadata.getMap() as Record<string, string>),
        authority: call.getHost(),
        client: String(call.getAuthContext().sslPeerCertificate?.subject.CN),
        deadline: String(Number(call.getDeadline())),
      });
      const answer = answers.shift() ?? {};
      await new Promise((resolve) => setTimeout(resolve, answer.delayMillis ?? 0));
      if (answer.code !== undefined) {
        const metadata = new Metadata();
        if (answer.retryAfter !== undefined) {
          metadata.set('grpc-status-details-bin', retryInfo(Number(answer.retryAfter)));
        }
        return done({ code: answer.code, message: 'as told', metadata });
      }
      taken.push(call.request);
      answer.taken?.();
      const { partial } = answer;
      done(null, {
        partialSuccess: partial && {
          rejectedDataPoints: partial.rejected,
          errorMessage: partial.message,
        },
      });
    },
  });
  const address = typeof at === 'number' ? `127.0.0.1:${at}` : at;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    ...{ port, taken, headers, answers },
    stop: async () => server.forceShutdown(),
    goAway: () => server.drain(`127.0.0.1:${port}`, 5000),
  };
}

/** A protobuf field of bytes, shorter than 128. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
}

/** google.rpc.Status with a RetryInfo of whole seconds. */
function retryInfo(seconds: number): Buffer {
  const delay = field(1, Buffer.from([8, seconds]));
  const url = Buffer.from('type.googleapis.com/google.rpc.RetryInfo');
  const any = Buffer.concat([field(1, url), field(2, delay)]);
  return Buffer.concat([Buffer.from([8, 8]), field(2, Buffer.from('wait')), field(3, any)]);
}

/** An ExportMetricsServiceResponse, as protobuf or JSON. */
function responseOf({ rejected, message }: NonNullable<Answer['partial']>, isJson: boolean) {
  if (isJson) {
    const partialSuccess = { rejectedDataPoints: String(rejected), errorMessage: message };
    return JSON.stringify({ partialSuccess });
  }
  return field(1, Buffer.concat([Buffer.from([8, rejected]), field(2, Buffer.from(message))]));
}

/** Starts one over HTTP, with TLS if options for it are given. */
export async function startHttpServer(port = 0, tls?: ServerOptions): Promise<OtlpServer> {
  const decode = await loadDecoder();
  const taken: DecodedRequest[] = [];
  const headers: Record<string, string>[] = [];
  const answers: Answer[] = [];
  const answerTo: RequestListener = async (request, response) => {
    const socket = request.socket as Partial<TLSSocket>;
    const client = String(socket.getPeerCertificate?.()?.subject?.CN);
    headers.push({
      ...(request.headers as Record<string, string>),
      ...{ path: request.url ?? '', client },
    });
    const body = await bodyOf(request).catch(() => undefined);
    if (body === undefined) return;
    const answer = answers.shift() ?? {};
    await new Promise((resolve) => setTimeout(resolve, answer.delayMillis ?? 0));
    if (answer.breaks) return void request.socket.destroy();
    if (answer.retryAfter !== undefined) response.setHeader('retry-after', answer.retryAfter);
    if (answer.code !== undefined) return void response.writeHead(answer.code).end('as told');
    const isJson = request.headers['content-type'] === 'application/json';
    taken.push(isJson ? JSON.parse(body.toString()) : decode(body));
    answer.taken?.();
    response.end(answer.partial === undefined ? '' : responseOf(answer.partial, isJson));
  };
  const server = tls === undefined ? createServer(answerTo) : createTlsServer(tls, answerTo);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as { port: number };
  return {
    ...{ port: address.port, taken, headers, answers },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}
