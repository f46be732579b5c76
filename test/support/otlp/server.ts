import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
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
  /** A RetryInfo or a Retry-After, in seconds. */
  readonly retryAfter?: number;
  /** Breaks the connection instead of answering. */
  readonly breaks?: boolean;
}

/** A double of a Collector: it takes OTLP metrics and answers as it is told. */
export interface OtlpServer {
  readonly port: number;
  /** Requests that were taken. */
  readonly taken: DecodedRequest[];
  /** Headers of every request, taken or not. */
  readonly headers: Record<string, string>[];
  /** Answers for the next requests, in order. */
  readonly answers: Answer[];
  stop(): Promise<void>;
}

/** Starts one over gRPC. */
export async function startGrpcServer(
  port = 0,
  credentials = ServerCredentials.createInsecure(),
): Promise<OtlpServer> {
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
      call: { request: DecodedRequest; metadata: Metadata },
      done: (error: object | null, reply?: object) => void,
    ) {
      (headers as Record<string, string>[]).push(call.metadata.getMap() as Record<string, string>);
      const answer = answers.shift() ?? {};
      await new Promise((resolve) => setTimeout(resolve, answer.delayMillis ?? 0));
      if (answer.code !== undefined) {
        const metadata = new Metadata();
        if (answer.retryAfter !== undefined) {
          metadata.set('grpc-status-details-bin', retryInfo(answer.retryAfter));
        }
        return done({ code: answer.code, message: 'as told', metadata });
      }
      taken.push(call.request);
      const { partial } = answer;
      done(null, {
        partialSuccess: partial && {
          rejectedDataPoints: partial.rejected,
          errorMessage: partial.message,
        },
      });
    },
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
  });
  return { port: bound, taken, headers, answers, stop: async () => server.forceShutdown() };
}

/** google.rpc.Status with a RetryInfo of whole seconds. */
function retryInfo(seconds: number): Buffer {
  const field = (number: number, content: Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
  const delay = field(1, Buffer.from([8, seconds]));
  const url = Buffer.from('type.googleapis.com/google.rpc.RetryInfo');
  const any = Buffer.concat([field(1, url), field(2, delay)]);
  return Buffer.concat([Buffer.from([8, 8]), field(2, Buffer.from('wait')), field(3, any)]);
}

/** Starts one over HTTP. */
export async function startHttpServer(port = 0): Promise<OtlpServer> {
  const decode = await loadDecoder();
  const taken: DecodedRequest[] = [];
  const headers: Record<string, string>[] = [];
  const answers: Answer[] = [];
  const server = createServer(async (request, response) => {
    headers.push({ ...(request.headers as Record<string, string>), path: request.url ?? '' });
    const body = await bodyOf(request);
    const answer = answers.shift() ?? {};
    await new Promise((resolve) => setTimeout(resolve, answer.delayMillis ?? 0));
    if (answer.breaks) return void request.socket.destroy();
    if (answer.retryAfter !== undefined) response.setHeader('retry-after', answer.retryAfter);
    if (answer.code !== undefined) return void response.writeHead(answer.code).end('as told');
    const isJson = request.headers['content-type'] === 'application/json';
    taken.push(isJson ? JSON.parse(body.toString()) : decode(body));
    const { partial } = answer;
    const reply = { rejectedDataPoints: String(partial?.rejected), errorMessage: partial?.message };
    response.end(isJson && partial ? JSON.stringify({ partialSuccess: reply }) : '');
  });
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
