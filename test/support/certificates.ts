import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder with an authority of its own. */
export interface Authority {
  readonly folder: string;
  /** The authority's certificate. */
  readonly ca: string;
  /** Writes NAME.crt and NAME.key (0600), signed for localhost; the common name is NAME. */
  issue(name: string): { cert: string; key: string };
  remove(): void;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

/** Makes an authority with openssl. */
export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-tls-'));
  const at = (name: string) => join(folder, name);
  openssl(['req', '-x509', ...CURVE, '-subj', '/CN=authority', ...out('ca')]);
  writeFileSync(at('ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  return {
    folder,
    ca: at('ca.crt'),
    issue(name) {
      const request = ['-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)];
      openssl(['req', ...CURVE.slice(0, -2), '-subj', `/CN=${name}`, ...request]);
      const authority = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial'];
      const files = ['-in', at(`${name}.csr`), '-out', at(`${name}.crt`), '-extfile', at('ext')];
      openssl(['x509', '-req', '-days', '2', ...authority, ...files]);
      chmodSync(at(`${name}.key`), 0o600);
      return { cert: at(`${name}.crt`), key: at(`${name}.key`) };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };

  function out(name: string): string[] {
    return ['-keyout', at(`${name}.key`), '-out', at(`${name}.crt`)];
  }
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
