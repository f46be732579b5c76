import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

/** A double of kata-monitor: what it is asked is told, and the texts are given by the test. */
export interface MonitorDouble {
  readonly endpoint: string;
  /** Paths that were asked, in order. */
  readonly asked: string[];
  /** What it says of itself. */
  own: string;
  close(): Promise<void>;
}

/** Starts one on a free port of the loopback; `texts` are of the sandboxes, by id. */
export async function startMonitor(
  texts: Readonly<Record<string, string>>,
  own: string,
): Promise<MonitorDouble> {
  const asked: string[] = [];
  const monitor = { own };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://monitor');
    asked.push(`${url.pathname}${url.search}`);
    const id = url.searchParams.get('sandbox');
    const text = url.pathname === '/sandboxes' ? ids() : id === null ? monitor.own : texts[id];
    if (text === undefined) return void response.writeHead(500).end('no such sandbox');
    response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return Object.assign(monitor, {
    ...{ endpoint: `127.0.0.1:${port}`, asked },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });

  function ids(): string {
    return Object.keys(texts)
      .map((id) => `${id}\n`)
      .join('');
  }
}
