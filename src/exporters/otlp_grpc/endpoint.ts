import { ConfigError } from '../../errors.ts';
import { isLoopback } from '../../helper/exporter/proxy.ts';

/** Where to connect, and whether with TLS. */
export interface Target {
  /** As grpc-js takes it. */
  readonly address: string;
  readonly isPlain: boolean;
  /** True for a socket or port of this host, to which no proxy leads. */
  readonly isLocal: boolean;
}

const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[^:/[\]@]+):(\d{1,5})$/i;
/** gRPC's own schemes (grpc/doc/naming.md); what stands behind them besides a Unix socket's path. */
const NAMED = /^(dns|passthrough):(?:\/\/[^/]*\/)?(.+)$/;

/**
 * Reads `host:port`, with `http://`, `https://`, `dns:///` or `passthrough:///` in front, or
 * `unix:///path`. `isPlain` is for what has no scheme that tells. Throws a ConfigError.
 */
export function targetOf(endpoint: string, isPlain: boolean, path: string): Target {
  const key = `${path}::endpoint`;
  if (endpoint === '') throw new ConfigError(key, "is required, such as 'localhost:4317'");
  if (endpoint.startsWith('unix:')) {
    if (!/^unix:(\/\/)?\/[^/]/.test(endpoint)) {
      throw new ConfigError(key, `"${endpoint}" has no absolute path, such as 'unix:///run/otlp'`);
    }
    return { address: endpoint, isPlain, isLocal: true };
  }
  const [, scheme, rest = endpoint] = /^(https?):\/\/(.*?)\/?$/.exec(endpoint) ?? [];
  const [, resolver, named = rest] = (scheme === undefined && NAMED.exec(endpoint)) || [];
  const [, host, port] = HOST_AND_PORT.exec(named) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    // Before an @ stands a login.
    const shown = endpoint.replace(/[^/]*@/, '...@');
    const advice = "gRPC takes host:port and no path, such as 'localhost:4317' or '[::1]:4317'";
    throw new ConfigError(key, `"${shown}" does not do: ${advice}`);
  }
  return {
    address: resolver === 'dns' ? endpoint : named,
    isPlain: scheme === 'http' || (scheme === undefined && isPlain),
    isLocal: isLoopback(host),
  };
}
