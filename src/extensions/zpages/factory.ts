import type { Extension, Host } from '../../component/component.ts';
import type { ExtensionFactory, Settings } from '../../component/factory.ts';
import { type HttpServer, startHttpServer } from '../../helper/http-server/http-server.ts';
import { refuse } from '../../helper/http-server/send.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { PAGES } from './pages.ts';

/** Makes zpages extensions. */
export const zpages: ExtensionFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createZpages,
};

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  // No page has a script, a style or an image; should a text slip in as HTML, it stays one.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

function createZpages({ id, telemetry, now }: Settings, config: Config): Extension {
  let server: HttpServer | undefined;
  return { start, shutdown };

  async function start(host: Host): Promise<void> {
    server = await startHttpServer(config, {
      ...{ keyPath: `extensions::${id.text}`, host, telemetry },
      handle({ url = '/', method = 'GET' }, response) {
        if (!['GET', 'HEAD'].includes(method)) return refuse(response, 405, 'Only GET\n');
        const [path = ''] = url.split('?', 1);
        if (!Object.hasOwn(PAGES, path)) {
          return refuse(response, 404, `Not found. Try ${Object.keys(PAGES).join(', ')}\n`);
        }
        const { version = '' } = host;
        const layout = host.layout?.() ?? { extensions: [], pipelines: [] };
        const facts = { version, layout, health: host.health(), now: now() };
        response.writeHead(200, HEADERS).end(PAGES[path]?.(facts).html);
      },
    });
    telemetry.logger.info('Serving pages', { url: `${server.url}/debug/servicez` });
  }

  async function shutdown(): Promise<void> {
    await server?.close();
    server = undefined;
  }
}
