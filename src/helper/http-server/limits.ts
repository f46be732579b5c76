import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Telemetry } from '../../component/telemetry.ts';

const MAX_IN_FLIGHT = 16;
const MAX_SWEEP_MILLIS = 1_000;

interface InFlight {
  readonly response: ServerResponse;
  /** When its head was first seen sent, in ms of performance.now(). */
  since?: number;
}

/**
 * Cuts off clients that do not read a response within `writeTimeout` ms (0: never), that are slow
 * or wrong in asking, or that ask for more than 16 responses ahead; counts them and those that find
 * no room. Gives what stops it.
 */
export function watchConnections(
  server: Server,
  writeTimeout: number,
  keyPath: string,
  telemetry: Telemetry,
): () => void {
  const all = new Set<InFlight>();
  const perSocket = new WeakMap<object, number>();
  const count = (reason: string) =>
    telemetry.counter('sandgauge_http_server_dropped_connections', { server: keyPath, reason });
  const dropped = {
    full: count('full'),
    tls: count('tls'),
    slow_request: count('slow_request'),
    slow_response: count('slow_response'),
    malformed: count('malformed'),
    pipelined: count('pipelined'),
  };
  server.on('drop', () => dropped.full.add(1));
  server.on('tlsClientError', () => dropped.tls.add(1));
  server.on('clientError', onClientError);
  server.on('request', onRequest);
  if (writeTimeout === 0) return () => {};
  const sweeping = setInterval(sweep, Math.min(MAX_SWEEP_MILLIS, writeTimeout / 4));
  sweeping.unref();
  return () => clearInterval(sweeping);

  function onRequest({ socket }: IncomingMessage, response: ServerResponse): void {
    const ahead = (perSocket.get(socket) ?? 0) + 1;
    perSocket.set(socket, ahead);
    const entry = { response };
    all.add(entry);
    response.once('close', () => {
      all.delete(entry);
      perSocket.set(socket, (perSocket.get(socket) ?? 1) - 1);
    });
    if (ahead <= MAX_IN_FLIGHT || socket.destroyed) return;
    dropped.pipelined.add(1);
    socket.destroy();
  }

  function sweep(): void {
    const now = performance.now();
    for (const entry of all) {
      const { response } = entry;
      // A response that waits behind another of its connection has no socket yet.
      if (!response.headersSent || response.socket === null) continue;
      entry.since ??= now;
      if (now - entry.since < writeTimeout) continue;
      dropped.slow_response.add(1);
      all.delete(entry);
      response.socket.destroy();
    }
  }

  function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    const status = statusOf(error);
    // Also a TLS handshake that failed: to write then would wait for its end.
    if (status === undefined || !socket.writable) return void socket.destroy();
    (status === 408 ? dropped.slow_request : dropped.malformed).add(1);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
  }
}

/** Undefined for what is no fault of HTTP. */
function statusOf({ code = '' }: NodeJS.ErrnoException): number | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code.startsWith('HPE_') ? 400 : undefined;
}
