/** Status codes of gRPC (grpc.github.io/grpc/core/md_doc_statuscodes.html). */
export const CODES = {
  invalidArgument: 3,
  notFound: 5,
  resourceExhausted: 8,
  internal: 13,
} as const;

/** A request that cannot be answered, and why; the text goes to the client. */
export class RpcError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
  }
}
