import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Host } from '../../component/component.ts';
import type { Counter, Telemetry } from '../../component/telemetry.ts';
import { findAuthenticator } from '../authenticators.ts';
import { createLogOnce } from '../log-once.ts';
import type { HttpServerConfig } from './options.ts';
import { refuse } from './send.ts';

/** Answers one request that may be answered. Its body is read and thrown away by the server. */
export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** What a server needs besides its options. */
export interface HttpServerSettings {
  /** The component's key such as `exporters::prometheus`: for errors and own metrics. */
  readonly keyPath: string;
  /** Where the authenticator is found. */
  readonly host: Pick<Host, 'extension'>;
  readonly telemetry: Telemetry;
  readonly handle: Handle;
}

/** Lets through to the handler what may be answered; refuses the rest and counts it by reason. */
export function createGate(
  config: HttpServerConfig,
  settings: HttpServerSettings,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { keyPath, telemetry, handle } = settings;
  const key = `${keyPath}::auth::authenticator`;
  const authenticator =
    config.auth && findAuthenticator(settings.host, config.auth.authenticator, key);
  const said = createLogOnce(telemetry.logger);
  const refusals = {
    unauthenticated: counter('unauthenticated'),
    busy: counter('busy'),
    too_large: counter('too_large'),
    failed: counter('failed'),
  };
  return (request, response) => {
    answer(request, response).catch((error) => fail(response, error));
  };

  function counter(reason: string): Counter {
    return telemetry.counter('sandgauge_http_server_refused_requests', { server: keyPath, reason });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // What a connection that was cut off had sent ahead is still parsed.
    if (request.socket.destroyed) return;
    if (Number(request.headers['content-length'] ?? 0) > config.max_request_body_size) {
      return tooLarge(response);
    }
    dropBody(request, response);
    if (authenticator !== undefined) {
      const verdict = await authenticator.authenticate(headerOf(request, authenticator.header));
      if (verdict === 'denied') {
        refusals.unauthenticated.add(1);
        response.setHeader('www-authenticate', authenticator.challenge);
        return refuse(response, 401, 'Unauthorized\n');
      }
      if (verdict === 'busy') {
        refusals.busy.add(1);
        response.setHeader('retry-after', '1');
        return refuse(response, 503, 'Too many logins at once\n');
      }
    }
    await handle(request, response);
  }

  /** Without a length a body is counted as it comes. */
  function dropBody(request: IncomingMessage, response: ServerResponse): void {
    let bytes = 0;
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => {
      const before = bytes;
      bytes += chunk.length;
      const limit = config.max_request_body_size;
      if (bytes > limit && before <= limit) tooLarge(response);
    });
  }

  function tooLarge(response: ServerResponse): void {
    refusals.too_large.add(1);
    if (response.headersSent) return void response.destroy();
    response.setHeader('connection', 'close');
    refuse(response, 413, 'The request body is too large\n');
  }

  function fail(response: ServerResponse, error: unknown): void {
    refusals.failed.add(1);
    said.trouble('failed', 'Could not answer a request', { server: keyPath, error: String(error) });
    if (response.headersSent) response.destroy();
    else refuse(response, 500, 'Internal error\n');
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
