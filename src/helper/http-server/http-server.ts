import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Endpoint } from '../../confmap/formats.ts';
import { ConfigError } from '../../errors.ts';
import { createServerCertificates } from '../tls/certificates.ts';
import { createGate, type HttpServerSettings } from './gate.ts';
import { watchConnections } from './limits.ts';
import type { HttpServerConfig } from './options.ts';

/** A server that listens. */
export interface HttpServer {
  /** Such as `https://localhost:9464`, with the port that it got. */
  readonly url: string;
  /** Stops to listen and gives responses 2 s to end. A second call does nothing. */
  close(): Promise<void>;
}

const MAX_HEAD_BYTES = 16_384;
const CHECK_MILLIS = 1_000;
const CLOSE_MILLIS = 2_000;

/**
 * Listens with the TLS, authentication and limits of the options. Throws a ConfigError that names
 * the key for an address that cannot be had, certificates that do not serve, an authenticator that
 * does not run.
 */
export async function startHttpServer(
  config: HttpServerConfig,
  settings: HttpServerSettings,
): Promise<HttpServer> {
  const { keyPath, telemetry } = settings;
  const answer = createGate(config, settings);
  const certificates =
    config.tls && createServerCertificates(config.tls, `${keyPath}::tls`, telemetry);
  const limits = {
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: lowest(config.read_header_timeout, config.read_timeout),
    requestTimeout: config.read_timeout,
    keepAliveTimeout: config.idle_timeout,
    connectionsCheckingInterval: CHECK_MILLIS,
  };
  const server =
    certificates === undefined
      ? createServer(limits)
      : createTlsServer({
          ...limits,
          ...certificates.options,
          requestCert: config.tls?.client_ca_file !== '',
          rejectUnauthorized: true,
          handshakeTimeout: config.read_header_timeout || 60_000,
        });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.maxConnections = config.max_connections;
  const stopWatching = watchConnections(server, config.write_timeout, keyPath, telemetry);
  server.on('request', answer);
  try {
    await listen(server, config.endpoint, `${keyPath}::endpoint`);
  } catch (error) {
    stopWatching();
    throw error;
  }
  const following = certificates?.follow((options) =>
    (server as ReturnType<typeof createTlsServer>).setSecureContext(options),
  );
  if (!isLoopback(server) && certificates === undefined) {
    const advice = 'Using an address that other machines may reach, without TLS';
    telemetry.logger.warn(advice, {
      key: `${keyPath}::endpoint`,
      address: textOf(config.endpoint),
    });
  }
  const { port } = server.address() as AddressInfo;
  const scheme = certificates === undefined ? 'http' : 'https';
  return {
    url: `${scheme}://${textOf({ ...config.endpoint, port })}`,
    async close() {
      following?.close();
      await close(server, sockets);
      stopWatching();
    },
  };
}

/** As in Go, 0 means no limit. */
function lowest(...limits: readonly number[]): number {
  const set = limits.filter((limit) => limit > 0);
  return set.length === 0 ? 0 : Math.min(...set);
}

async function listen(server: Server, endpoint: Endpoint, key: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, endpoint, key)));
    server.listen(endpoint.port, addressOf(endpoint.host), resolve);
  });
}

/** As Go does: localhost is IPv4's, even where ::1 comes first or no resolver knows it. */
function addressOf(host: string): string | undefined {
  return host === 'localhost' ? '127.0.0.1' : host || undefined;
}

function textOf({ host, port }: Endpoint): string {
  const named = host || '::';
  return `${named.includes(':') ? `[${named}]` : named}:${port}`;
}

function isLoopback(server: Server): boolean {
  const { address } = server.address() as AddressInfo;
  return /^(127\.|::1$|::ffff:127\.)/.test(address);
}

function listenError(error: Error, endpoint: Endpoint, key: string): Error {
  const code = (error as NodeJS.ErrnoException).code;
  const advice: Record<string, string> = {
    EADDRINUSE: 'another program listens there; choose another endpoint or stop it',
    EACCES: 'no right to listen there; choose a port over 1023',
    EADDRNOTAVAIL: 'this host has no such address',
    ENOTFOUND: 'the host name is not known',
  };
  const reason = advice[code ?? ''] ?? error.message;
  const address = `${endpoint.host}:${endpoint.port}`;
  return new ConfigError(key, `cannot listen on ${address}: ${reason}`, { cause: error });
}

/** A TLS handshake that does not end is known to nobody but its socket. */
async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const force = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, CLOSE_MILLIS);
  await closed;
  clearTimeout(force);
}
