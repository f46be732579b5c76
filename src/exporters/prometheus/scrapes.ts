import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Handle } from '../../helper/http-server/gate.ts';
import { refuse, sendChunks } from '../../helper/http-server/send.ts';
import { contentType, negotiate, type TextFormat } from './formats.ts';

/** Gives the body of one scrape and counts a reader; `deadline` is in ms of performance.now(). */
export type Scrape = (deadline: number, format: TextFormat) => Promise<Rendering>;

/** A rendered collection; compressed at most once. */
export interface Rendering {
  readonly chunks: readonly Buffer[];
  /** Responses that still send it: its chunks are not used again before they are done. */
  readers: number;
  gzipped?: Promise<Buffer>;
}

const PATHS = ['/metrics', '/metrics/cadvisor'];
const DEFAULT_TIMEOUT_MILLIS = 5_000;
const compress = promisify(gzip);

/** Answers scrapes in the forms that `enabled` allows. */
export function createScrapeHandle(scrape: Scrape, enabled: TextFormat): Handle {
  return async (request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    if (!PATHS.includes(path)) return refuse(response, 404, `Not found. Try ${PATHS[0]}\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return refuse(response, 405, 'Only GET and HEAD\n');
    }
    const format = negotiate(request.headers.accept, enabled);
    response.setHeader('content-type', contentType(format));
    response.setHeader('vary', 'accept, accept-encoding');
    if (request.method === 'HEAD') return void response.end();
    const rendering = await scrape(performance.now() + timeoutOf(request), format);
    if (response.destroyed) return void rendering.readers--;
    response.once('close', () => rendering.readers--);
    if (!acceptsGzip(request)) return sendChunks(response, rendering.chunks);
    rendering.gzipped ??= compress(Buffer.concat(rendering.chunks), { level: 1 });
    response.setHeader('content-encoding', 'gzip');
    response.end(await rendering.gzipped);
  };
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
