import { connect, createServer, type Socket } from 'node:net';

/** Stands between an exporter and a server, and breaks connections. */
export interface FaultProxy {
  readonly port: number;
  /** After how many bytes of the client each of the next connections is reset, in order. */
  readonly cuts: number[];
  /** How many were reset so. */
  readonly resets: number;
  /** Resets all connections at once. */
  resetAll(): void;
  stop(): void;
}

/** Starts one on a free port of localhost. */
export async function startFaultProxy(to: number): Promise<FaultProxy> {
  const open = new Set<Socket>();
  const cuts: number[] = [];
  let resets = 0;
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    let left = cuts.shift() ?? Number.POSITIVE_INFINITY;
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.on('error', () => {});
      one.once('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
    upstream.on('data', (chunk) => client.write(chunk));
    client.on('data', (chunk) => {
      if (client.destroyed) return;
      upstream.write(chunk.subarray(0, Math.min(left, chunk.length)));
      left -= chunk.length;
      if (left > 0) return;
      resets++;
      client.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    ...{ port, cuts, resetAll },
    get resets() {
      return resets;
    },
    stop() {
      server.close();
      resetAll();
    },
  };

  function resetAll(): void {
    for (const socket of open) socket.resetAndDestroy();
  }
}
