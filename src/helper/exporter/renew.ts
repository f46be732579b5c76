import type { SecureContextOptions } from 'node:tls';
import type { Certificates } from '../tls/certificates.ts';
import type { Connection } from './request.ts';

/**
 * A connection that is opened anew when its certificates have changed. What is under way ends on
 * the old one, which is then closed.
 */
export function renewOnChange(
  certificates: Certificates,
  open: (options: SecureContextOptions) => Connection,
): Connection {
  let current = countUses(open(certificates.options));
  const following = certificates.follow((options) => {
    const old = current;
    current = countUses(open(options));
    void old.retire();
  });
  return {
    send: (request, signal) => current.send(request, signal),
    async close() {
      following.close();
      await current.close();
    },
  };
}

/** A connection that can wait with its end until nothing is under way. */
function countUses(connection: Connection): Connection & { retire(): Promise<void> } {
  const uses = new Set<Promise<unknown>>();
  return {
    close: () => connection.close(),
    send(request, signal) {
      const use = connection.send(request, signal);
      uses.add(use);
      const ended = () => uses.delete(use);
      use.then(ended, ended);
      return use;
    },
    async retire() {
      await Promise.allSettled(uses);
      await connection.close();
    },
  };
}
