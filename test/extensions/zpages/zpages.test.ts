import { afterEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { ComponentHealth } from '../../../src/component/component.ts';
import type { Registry } from '../../../src/component/factory.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { COMPONENTS } from '../../../src/distribution/components.ts';
import { html } from '../../../src/extensions/zpages/html.ts';
import { buildGraph } from '../../../src/service/graph.ts';
import { type Service, startService } from '../../../src/service/service.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { freePort } from '../../support/agent.ts';

let service: Service | undefined;
afterEach(async () => {
  await service?.shutdown();
  service = undefined;
});

const SECRET = 'correct-horse-battery-staple';
const yaml = (port: number) => `
receivers: {source/one: , source/two: }
processors: {batch: , batch/late: }
exporters: {debug: , otlp_http: {endpoint: "http://127.0.0.1:1", headers: {x-key: ${SECRET}}}}
extensions: {zpages: {endpoint: "127.0.0.1:${port}"}, bearertokenauth: {token: ${SECRET}}}
service:
  extensions: [zpages, bearertokenauth]
  telemetry: {metrics: {level: none}}
  pipelines:
    metrics: {receivers: [source/one], processors: [batch/late, batch], exporters: [debug]}
    metrics/2: {receivers: [source/one, source/two], exporters: [otlp_http, debug]}`;

/** An agent whose receivers do as told, by id. */
async function start(states: Readonly<Record<string, ComponentHealth>>) {
  const registry: Registry = {
    ...COMPONENTS,
    receivers: [
      {
        metadata: { type: 'source', summary: '', stability: 'development', series: [] },
        config: z.any(),
        create: ({ id }) => ({
          ...{ onDemand: false, async start() {}, async shutdown() {}, async collectNow() {} },
          health: () => states[id.text] ?? { status: 'ok' },
        }),
      },
    ],
  };
  const port = await freePort();
  const { counter, gauge } = createOwnMetrics();
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const graph = buildGraph(confOf(parseYaml(yaml(port), 'test')), {
    ...{ registry, telemetry: { logger, counter, gauge }, now: Date.now },
    ...{ resource: { attributes: {} }, version: '1.2.3' },
  });
  service = await startService(graph, logger);
  return async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}

/** The texts of the cells of each row. */
function rowsOf(page: string): string[][] {
  return [...page.matchAll(/<tr[\s\S]*?<\/tr>/g)].map(([row]) =>
    [...row.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell = '']) =>
      cell
        .replaceAll(/<[^>]*>/g, '')
        .replaceAll('\n', ' ')
        .trim(),
    ),
  );
}

test('the service page tells version, uptime and how many are in trouble', async () => {
  const ask = await start({ 'source/two': { status: 'recoverable_error', detail: 'no socket' } });
  const { status, text, headers } = await ask('/debug/servicez?x=1');
  expect(status).toBe(200);
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  const rows = Object.fromEntries(rowsOf(text));
  expect(rows).toMatchObject({
    ...{ Version: '1.2.3', Phase: 'running', 'Node.js': process.version },
    ...{ Pipelines: '2', Extensions: '2', 'Components with errors': '1' },
  });
  expect(Date.now() - Date.parse(rows['Running since'] ?? '')).toBeLessThan(60_000);
  expect(rows.Uptime).toMatch(/^\d+ s$/);
  for (const path of ['servicez', 'pipelinez', 'extensionz']) {
    expect(text).toContain(`href="/debug/${path}"`);
    expect((await ask(`/debug/${path}`)).status).toBe(200);
  }
});

test('the pipeline page tells the components of each in order, and how each does', async () => {
  const ask = await start({
    'source/one': { status: 'permanent_error', detail: 'stuck since <b>noon</b> & "later"' },
  });
  const { text } = await ask('/debug/pipelinez');
  expect(rowsOf(text).slice(1)).toEqual([
    [
      'metrics',
      'source/one: permanent_error (stuck since &lt;b&gt;noon&lt;/b&gt; &amp; &quot;later&quot;)',
      'batch/late: ok batch: ok',
      'debug: ok',
    ],
    [
      'metrics/2',
      'source/one: permanent_error (stuck since &lt;b&gt;noon&lt;/b&gt; &amp; &quot;later&quot;) source/two: ok',
      '',
      'otlp_http: ok debug: ok',
    ],
  ]);
});

test('the extension page tells extensions; no page tells an option or has a script', async () => {
  const ask = await start({});
  expect(rowsOf((await ask('/debug/extensionz')).text)).toEqual([
    ['zpages', 'ok'],
    ['bearertokenauth', 'ok'],
  ]);
  for (const path of ['servicez', 'pipelinez', 'extensionz']) {
    const { text } = await ask(`/debug/${path}`);
    expect(text).not.toContain(SECRET);
    expect(text).not.toMatch(/<script|<style|<img|javascript:| on\w+=/i);
  }
});

test('other paths and methods', async () => {
  const ask = await start({});
  expect(await ask('/')).toMatchObject({
    status: 404,
    text: 'Not found. Try /debug/servicez, /debug/pipelinez, /debug/extensionz\n',
  });
  expect((await ask('/constructor')).status).toBe(404);
  expect((await ask('/debug/servicez', 'POST')).status).toBe(405);
  expect(await ask('/debug/servicez', 'HEAD')).toMatchObject({ status: 200, text: '' });
});

test('whatever a text has in it, it stays a text', () => {
  const text = `</td><script>alert("1")</script>' onload='x' &lt;`;
  expect(html`<td title="${text}">${text}</td>`.html.match(/[<>]/g)).toHaveLength(4);
  expect(html`<a title="${text}">`.html.match(/["']/g)).toHaveLength(2);
});
