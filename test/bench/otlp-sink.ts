/** Child of otlp.ts: takes OTLP over gRPC without looking at it; prints its port. */
import { Server, ServerCredentials } from '@grpc/grpc-js';

const server = new Server({ 'grpc.max_receive_message_length': 64 * 2 ** 20 });
const bytes = (message: Buffer) => message;
server.addService(
  {
    Export: {
      path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
      ...{ requestStream: false, responseStream: false },
      ...{ requestSerialize: bytes, requestDeserialize: bytes },
      ...{ responseSerialize: bytes, responseDeserialize: bytes },
    },
  },
  {
    Export: (_: unknown, done: (error: null, reply: Buffer) => void) => done(null, Buffer.alloc(0)),
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, port) => {
  process.stdout.write(`${port}\n`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit());
