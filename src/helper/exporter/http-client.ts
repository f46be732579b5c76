import type { SecureContextOptions } from 'node:tls';
import type { Dispatcher } from 'undici';
import type { Credentials } from '../../component/authenticator.ts';
import type { ClientTls } from '../tls/options.ts';
import { readBody, throttleOf } from './http-reply.ts';
import { type Connection, type ExportRequest, type PartialSuccess, SendError } from './request.ts';

/** What a client is made of. */
export interface HttpClientSettings {
  readonly url: URL;
  readonly proxy: URL | undefined;
  readonly tls: ClientTls;
  /** Sent with each request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** What to log in with at this moment. */
  readonly credentials: (() => Credentials) | undefined;
  /** Turns the bytes of a request into those that are sent. */
  pack?(bytes: Buffer): Promise<Buffer>;
  /** What an answer of 2xx says of the points. */
  readTaken(body: Buffer): PartialSuccess | undefined;
  /** What went wrong by any other answer, and whether the same request may be taken later. */
  readRefused(
    status: number,
    body: Buffer,
  ): { readonly message: string; readonly isRetryable: boolean };
}

/** Loads undici, and not before. What it gives opens a client, which connects when it is needed. */
export async function loadHttpClient(
  settings: HttpClientSettings,
): Promise<(tls: SecureContextOptions) => Connection> {
  const { Agent, ProxyAgent } = await import('undici');
  const { url, proxy, headers, credentials } = settings;
  return (tls) => connectionOf(dispatcherOf(tls));

  function dispatcherOf(options: SecureContextOptions): Dispatcher {
    const { insecure_skip_verify, server_name_override: servername } = settings.tls;
    const tls = { ...options, rejectUnauthorized: !insecure_skip_verify };
    const connect = servername === '' ? tls : { ...tls, servername };
    // An attempt has its own bound.
    const bounds = { headersTimeout: 0, bodyTimeout: 0 };
    if (proxy === undefined) return new Agent({ ...bounds, connect });
    return new ProxyAgent({
      ...{ ...bounds, uri: proxy.href, requestTls: connect, proxyTls: tls },
      // Proxies let few ports be tunnelled to, so plain requests go as they are.
      proxyTunnel: url.protocol === 'https:',
    });
  }

  function connectionOf(dispatcher: Dispatcher): Connection {
    // A close would wait for a proxy that does not answer.
    return { send, close: () => dispatcher.destroy() };

    async function send({ bytes }: ExportRequest, signal: AbortSignal) {
      const packed = (await settings.pack?.(bytes)) ?? bytes;
      // Of an iterable undici knows when it was sent: an answer before that ends the connection, so
      // that nobody reads the bytes any more. Its types lack it.
      const body = [packed] as never;
      try {
        const { origin, pathname, search } = url;
        const [method, path] = ['POST' as const, `${pathname}${search}`];
        const all = { ...headers, ...login(), 'content-length': String(packed.length) };
        const request = { origin, path, method, headers: all, body, signal };
        return await judge(await orAborted(dispatcher.request(request), signal));
      } catch (error) {
        if (error instanceof SendError) throw error;
        throw new SendError(`failed to make an HTTP request: ${(error as Error).message}`, true);
      }
    }
  }

  function login(): Record<string, string> {
    if (credentials === undefined) return {};
    const { header, value } = credentials();
    return { [header]: value };
  }

  async function judge(reply: Dispatcher.ResponseData): Promise<PartialSuccess | undefined> {
    const { statusCode: status } = reply;
    const isTaken = status >= 200 && status < 300;
    const body = await readBody(reply.body).catch((error) => {
      // What it took it has, though the end of the answer is lost.
      if (isTaken) return Buffer.alloc(0);
      throw error;
    });
    if (isTaken) return settings.readTaken(body);
    const { message, isRetryable } = settings.readRefused(status, body);
    throw new SendError(message, isRetryable, throttleOf(status, reply.headers));
  }
}

/** undici hears of an abort only once it is connected, and then does not send. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
