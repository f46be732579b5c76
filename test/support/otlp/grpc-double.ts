import { type Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { type DecodedRequest, loadDecoder } from './decode.ts';

/** Stands in for a Collector: takes OTLP metrics over gRPC without TLS and keeps them. */
export interface GrpcDouble {
  readonly port: number;
  readonly requests: { readonly body: DecodedRequest; readonly metadata: Metadata }[];
  /** While true every request is answered UNAVAILABLE. */
  refuses: boolean;
  close(): void;
}

const PATH = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';
const raw = (bytes: Buffer) => bytes;

/** Listens on a free port of localhost. */
export async function startGrpcDouble(): Promise<GrpcDouble> {
  const decode = await loadDecoder();
  const server = new Server();
  const double: GrpcDouble = { port: 0, requests: [], refuses: false, close };
  const method = {
    ...{ path: PATH, requestStream: false, responseStream: false },
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  };
  server.addService(
    { Export: method },
    {
      Export(
        { request, metadata }: { request: Buffer; metadata: Metadata },
        answer: (error: object | null, reply?: Buffer) => void,
      ) {
        if (double.refuses) return answer({ code: status.UNAVAILABLE, details: 'not now' });
        double.requests.push({ body: decode(request), metadata });
        answer(null, Buffer.alloc(0));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return Object.assign(double, { port });

  function close(): void {
    server.forceShutdown();
  }
}
