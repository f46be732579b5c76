import type { Extension, Host } from '../../component/component.ts';
import type { ExtensionFactory, Settings } from '../../component/factory.ts';
import { type HttpServer, startHttpServer } from '../../helper/http-server/http-server.ts';
import { answer } from './answer.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';

/** Makes health_check extensions. */
export const healthCheck: ExtensionFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createHealthCheck,
};

function createHealthCheck({ id, telemetry, now }: Settings, config: Config): Extension {
  let server: HttpServer | undefined;
  return { start, shutdown };

  async function start(host: Host): Promise<void> {
    server = await startHttpServer(config, {
      ...{ keyPath: `extensions::${id.text}`, host, telemetry },
      handle({ url = '/' }, response) {
        const found = answer(url, config, host.health(), now());
        if (found === undefined) {
          const paths = [config.path, '/livez', '/readyz'].join(', ');
          response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
          return void response.end(`Not found. Try ${paths}\n`);
        }
        const { isHealthy, contentType, body } = found;
        response.writeHead(isHealthy ? 200 : 503, { 'content-type': contentType }).end(body);
      },
    });
    telemetry.logger.info('Serving health', { url: `${server.url}${config.path}` });
  }

  async function shutdown(): Promise<void> {
    await server?.close();
    server = undefined;
  }
}
