import { ConfigError } from '../../errors.ts';

/** Where to connect, and whether with TLS. */
export interface Target {
  readonly address: string;
  readonly isPlain: boolean;
}

/** Reads `host:port`, `http://host:port`, `https://host:port`, `dns:///name:port` or `unix:path`. */
export function targetOf(endpoint: string, isInsecure: boolean, path: string): Target {
  const match = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(endpoint);
  if (endpoint === '') {
    throw new ConfigError(`${path}::endpoint`, "is required, such as 'localhost:4317'");
  }
  if (/^(dns|unix|passthrough):/.test(endpoint)) return { address: endpoint, isPlain: isInsecure };
  const [, scheme, address = ''] = match ?? [];
  if (!/:\d{1,5}$/.test(address)) {
    throw new ConfigError(
      `${path}::endpoint`,
      `"${endpoint}" has no port or has a path; gRPC takes host:port, such as 'localhost:4317'`,
    );
  }
  return { address, isPlain: scheme === 'http' || (scheme === undefined && isInsecure) };
}
