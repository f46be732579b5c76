import { createServer } from 'node:http';
import { type DecodedWrite, loadDecoder } from './decode.ts';
import { createReceiver, type Rows } from './receiver.ts';

/** What a server answers to one request; nothing is success. */
interface Answer {
  /** Before the answer, after the request was taken. */
  readonly delayMillis?: number;
  readonly status?: number;
  readonly retryAfter?: string;
  readonly body?: string;
  /** Breaks the connection instead of answering, before or after it took the request. */
  readonly breaks?: 'before' | 'after';
}

/** A double of Prometheus that refuses, as that does, what is out of order. */
interface WriteServer {
  readonly port: number;
  /** What was taken, in the order in which it was. */
  readonly taken: DecodedWrite[];
  /** The samples of each series, by its labels as text. */
  readonly rows: Rows;
  /** Requests that broke the rules of the protocol or the order of a series. */
  readonly faults: string[];
  /** Headers of every request, with when it came and `path`. */
  readonly headers: Record<string, string>[];
  /** Answers for the next requests, in order. */
  readonly answers: Answer[];
  stop(): Promise<void>;
}

/** Starts one on a free port of localhost. */
export async function startWriteServer(): Promise<WriteServer> {
  const decode = await loadDecoder();
  const taken: DecodedWrite[] = [];
  const { rows, accept } = createReceiver();
  const faults: string[] = [];
  const headers: Record<string, string>[] = [];
  const answers: Answer[] = [];
  const server = createServer(async (request, response) => {
    headers.push({ ...(request.headers as Record<string, string>), path: request.url ?? '' });
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { delayMillis = 0, status, retryAfter, body, breaks } = answers.shift() ?? {};
    const pause = () => new Promise((resolve) => setTimeout(resolve, delayMillis));
    if (breaks === 'before') return void request.socket.destroy();
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
    if (status !== undefined) {
      await pause();
      return void response.writeHead(status).end(body ?? 'as told');
    }
    const write = decode(Buffer.concat(chunks));
    taken.push(write);
    const fault = write.series.map(accept).find((each) => each !== undefined);
    if (fault !== undefined) faults.push(fault);
    await pause();
    if (breaks === 'after') return void request.socket.destroy();
    response.writeHead(fault === undefined ? 204 : 400).end(fault);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    ...{ port, taken, rows, faults, headers, answers },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
