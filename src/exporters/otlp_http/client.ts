import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { ClientCertificates } from '../../helper/client-tls.ts';
import {
  type Connection,
  type ExportRequest,
  type PartialSuccess,
  SendError,
} from '../../helper/exporter/request.ts';
import { decodeResponse } from '../../pdata/otlp/response.ts';
import type { Config } from './config.ts';

const MAX_RESPONSE_BYTES = 64 * 1024;
const RETRYABLE = [429, 502, 503, 504];
const compress = promisify(gzip);

/** Opens the client; it connects by itself when needed. undici is loaded here and not before. */
export async function openClient(
  config: Config,
  url: URL,
  certificates: ClientCertificates,
): Promise<Connection> {
  const { Agent, ProxyAgent } = await import('undici');
  const { tls } = config;
  const connect = {
    ...certificates,
    rejectUnauthorized: !tls.insecure_skip_verify,
    ...(tls.server_name_override === '' ? {} : { servername: tls.server_name_override }),
  };
  const dispatcher: Dispatcher =
    config.proxy_url === ''
      ? new Agent({ connect })
      : new ProxyAgent({ uri: config.proxy_url, requestTls: connect, proxyTls: connect });
  const isJson = config.encoding === 'json';
  const isZipped = config.compression === 'gzip';
  const headers = {
    ...Object.fromEntries(
      Object.entries(config.headers).map(([key, value]) => [key, value.reveal()]),
    ),
    'content-type': isJson ? 'application/json' : 'application/x-protobuf',
    ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
  };
  return { send, close: () => dispatcher.close() };

  async function send({ bytes }: ExportRequest, signal: AbortSignal) {
    const body = isZipped ? await compress(bytes) : bytes;
    try {
      const { origin, pathname, search } = url;
      const path = `${pathname}${search}`;
      const reply = await dispatcher.request({
        origin,
        path,
        method: 'POST',
        headers,
        body,
        signal,
      });
      const text = await bodyOf(reply);
      const { statusCode } = reply;
      if (statusCode >= 200 && statusCode < 300) return partialOf(text);
      throw new SendError(
        `error exporting items, request to ${url.origin}${pathname} responded with HTTP Status Code ${statusCode}`,
        RETRYABLE.includes(statusCode),
        throttleOf(statusCode, reply.headers['retry-after']),
      );
    } catch (error) {
      if (error instanceof SendError) throw error;
      throw new SendError(`failed to make an HTTP request: ${(error as Error).message}`, true);
    }
  }

  function partialOf(body: Buffer): PartialSuccess | undefined {
    try {
      return isJson ? partialOfJson(body.toString()) : decodeResponse(body);
    } catch {
      // It was taken: what is wrong with the answer changes nothing.
      return undefined;
    }
  }
}

async function bodyOf({ body }: Dispatcher.ResponseData): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > MAX_RESPONSE_BYTES) {
      body.destroy();
      break;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function partialOfJson(text: string): PartialSuccess | undefined {
  const { partialSuccess } = JSON.parse(text || '{}');
  if (partialSuccess === undefined) return undefined;
  const { rejectedDataPoints, errorMessage } = partialSuccess;
  return { rejected: Number(rejectedDataPoints ?? 0), message: String(errorMessage ?? '') };
}

/** Retry-After of 429 and 503: seconds or a date; in ms. */
function throttleOf(status: number, header: string | string[] | undefined): number {
  if (header === undefined || (status !== 429 && status !== 503)) return 0;
  const text = String(header);
  const seconds = Number(text);
  const millis = Number.isNaN(seconds) ? Date.parse(text) - Date.now() : seconds * 1000;
  return Number.isFinite(millis) ? Math.max(0, millis) : 0;
}
