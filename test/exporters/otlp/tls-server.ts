import { readFileSync } from 'node:fs';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Authority } from '../../support/certificates.ts';
import { type OtlpServer, startGrpcServer, startHttpServer } from '../../support/otlp/server.ts';

/** Starts a server for an exporter of this name with a certificate for localhost. */
export async function startTlsServer(
  name: string,
  authority: Authority,
  { isMutual = false, maxVersion = 'TLSv1.3' as const }: TlsOptions = {},
): Promise<OtlpServer> {
  const issued = authority.issue('localhost');
  const [cert, key] = [readFileSync(issued.cert), readFileSync(issued.key)];
  const ca = readFileSync(authority.ca);
  if (name === 'otlp_http') {
    const mutual = { requestCert: isMutual, rejectUnauthorized: isMutual };
    return startHttpServer(0, { ca, cert, key, maxVersion, ...mutual });
  }
  const pairs = [{ private_key: key, cert_chain: cert }];
  return startGrpcServer(0, ServerCredentials.createSsl(ca, pairs, isMutual));
}

interface TlsOptions {
  readonly isMutual?: boolean;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}
