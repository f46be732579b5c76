import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ConfigError } from '../../errors.ts';

/** Gives the body of one scrape and counts a reader; `deadline` is in ms of performance.now(). */
export type Scrape = (deadline: number) => Promise<Rendering>;

/** A rendered collection; compressed at most once. */
export interface Rendering {
  readonly chunks: readonly Buffer[];
  /** Responses that still send it: its chunks are not used again before they are done. */
  readers: number;
  gzipped?: Promise<Buffer>;
}

/** A server that can be closed within a bound. */
export interface ScrapeServer {
  close(): Promise<void>;
}

const PATHS = ['/metrics', '/metrics/cadvisor'];
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const DEFAULT_TIMEOUT_MILLIS = 5_000;
const LIMITS = { headersTimeout: 5_000, requestTimeout: 10_000, maxHeaderSize: 16_384 };
const MAX_CONNECTIONS = 256;
const CLOSE_MILLIS = 2_000;
const compress = promisify(gzip);

/** Listens; `path` is the config key to blame when the address cannot be had. */
export async function listen(
  endpoint: { host: string; port: number },
  path: string,
  scrape: Scrape,
): Promise<ScrapeServer> {
  const server = createServer(LIMITS, (request, response) => {
    answer(request, response, scrape).catch(() => response.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, endpoint, path)));
    server.listen(endpoint.port, addressOf(endpoint.host), resolve);
  });
  return { close: () => close(server) };
}

/** As Go does: localhost is IPv4's, even where ::1 comes first or no resolver knows it. */
function addressOf(host: string): string | undefined {
  return host === 'localhost' ? '127.0.0.1' : host || undefined;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  scrape: Scrape,
): Promise<void> {
  const path = request.url?.split('?')[0] ?? '';
  if (!PATHS.includes(path)) return refuse(response, 404, `Not found. Try ${PATHS[0]}\n`);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return refuse(response, 405, 'Only GET and HEAD\n');
  }
  response.setHeader('content-type', CONTENT_TYPE);
  if (request.method === 'HEAD') return void response.end();
  const rendering = await scrape(performance.now() + timeoutOf(request));
  response.once('close', () => rendering.readers--);
  response.setHeader('vary', 'accept-encoding');
  if (acceptsGzip(request)) {
    rendering.gzipped ??= compress(Buffer.concat(rendering.chunks), { level: 1 });
    response.setHeader('content-encoding', 'gzip');
    return void response.end(await rendering.gzipped);
  }
  const length = rendering.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  response.setHeader('content-length', length);
  for (const chunk of rendering.chunks) response.write(chunk);
  response.end();
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

/** The scraper's own timeout less a tenth, so that the answer is there before it hangs up. */
function timeoutOf(request: IncomingMessage): number {
  const seconds = Number(request.headers['x-prometheus-scrape-timeout-seconds']);
  return seconds > 0 && seconds < 3600 ? seconds * 900 : DEFAULT_TIMEOUT_MILLIS;
}

function acceptsGzip(request: IncomingMessage): boolean {
  const accepted = String(request.headers['accept-encoding'] ?? '');
  return /(^|,)\s*(gzip|\*)\s*(;\s*q=(1|0?\.\d*[1-9]\d*)\S*)?\s*(,|$)/i.test(accepted);
}

function listenError(error: Error, endpoint: { host: string; port: number }, path: string): Error {
  const address = `${endpoint.host}:${endpoint.port}`;
  const code = (error as NodeJS.ErrnoException).code;
  const advice: Record<string, string> = {
    EADDRINUSE: 'another program listens there; choose another endpoint or stop it',
    EACCES: 'no right to listen there; choose a port over 1023',
    EADDRNOTAVAIL: 'this host has no such address',
    ENOTFOUND: 'the host name is not known',
  };
  const reason = advice[code ?? ''] ?? error.message;
  return new ConfigError(path, `cannot listen on ${address}: ${reason}`, { cause: error });
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), CLOSE_MILLIS);
  await closed;
  clearTimeout(force);
}
