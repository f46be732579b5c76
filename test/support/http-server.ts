import type { Authenticator } from '../../src/component/authenticator.ts';
import type { Handle } from '../../src/helper/http-server/gate.ts';
import { type HttpServer, startHttpServer } from '../../src/helper/http-server/http-server.ts';
import type { HttpServerConfig } from '../../src/helper/http-server/options.ts';
import { createOwnMetrics } from '../../src/service/telemetry.ts';

/** The options of a server on a free port of localhost. */
const SERVER_CONFIG: HttpServerConfig = {
  endpoint: { host: 'localhost', port: 0 },
  tls: undefined,
  auth: undefined,
  max_connections: 256,
  max_request_body_size: 1000,
  read_header_timeout: 5_000,
  read_timeout: 10_000,
  write_timeout: 30_000,
  idle_timeout: 60_000,
};

/** A server of a test, what it logged and counted. */
export interface TestServer extends HttpServer {
  readonly port: number;
  readonly log: string[];
  /** The own metrics that are not 0, by `name reason` or `name result`. */
  counts(): Record<string, number>;
}

/** Starts a server under the key `test`; `handle` answers ok where none is given. */
export async function startTestServer(
  config: Partial<HttpServerConfig> = {},
  handle: Handle = (_, response) => void response.end('ok\n'),
  authenticator?: Authenticator,
): Promise<TestServer> {
  const log: string[] = [];
  const metrics = createOwnMetrics();
  const say = (message: string, fields?: object) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { debug: say, info: say, warn: say, error: say };
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge };
  const host = { extension: () => authenticator };
  const settings = { keyPath: 'test', host, telemetry, handle };
  const server = await startHttpServer({ ...SERVER_CONFIG, ...config }, settings);
  return { ...server, port: Number(new URL(server.url).port), log, counts };

  function counts(): Record<string, number> {
    const found = Object.entries(metrics.values()).filter(([, value]) => value > 0);
    return Object.fromEntries(
      found.map(([key, value]) => [key.replace(/\{.*"([^"]+)"\}/, ' $1'), value]),
    );
  }
}
