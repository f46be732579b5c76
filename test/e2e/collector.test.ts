import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Agent, freePort, parseRows, startAgent } from '../support/agent.ts';
import { makeAuthority } from '../support/certificates.ts';
import { makeHost } from '../support/fake-host.ts';
import { buildCollector, type Collector, startCollector } from '../support/otlp/collector.ts';
import { findPeer, isMissing } from '../support/peers.ts';
import { unpackTree } from '../support/tree.ts';

const isSkipped = isMissing('a real Collector', {
  go: findPeer('go'),
  openssl: findPeer('openssl'),
});

/** Its prometheus exporter gives counters the suffix that cAdvisor's name lacks. */
const RENAMED: Readonly<Record<string, string>> = {
  container_memory_failcnt: 'container_memory_failcnt_total',
};

describe.skipIf(isSkipped)('a real Collector', () => {
  let program: string;
  let collector: Collector;
  let agent: Agent | undefined;

  beforeAll(() => {
    program = buildCollector();
  }, 1_200_000);
  afterEach(async () => {
    await agent?.stop();
    agent = undefined;
    await collector.stop();
  });

  // A tree that stands still: what is pushed and what is scraped are the same values.
  const tree = () => join(unpackTree('sysd-v2'), 'snap1');

  async function start(exporter: object, type: string, root = tree()): Promise<void> {
    const port = await freePort();
    const config = {
      receivers: {
        cgroup: {
          ...{ root_path: root, raw_cgroups: 'all' },
          ...{ collection_interval: '1s', initial_delay: '0s' },
        },
      },
      extensions: { workload_observer: { root_path: root } },
      exporters: { [type]: exporter, prometheus: { endpoint: `127.0.0.1:${port}` } },
      service: {
        extensions: ['workload_observer'],
        pipelines: { metrics: { receivers: ['cgroup'], exporters: [type, 'prometheus'] } },
      },
    };
    agent = await startAgent(['--config', `yaml:${JSON.stringify(config)}`]);
  }

  test.each([
    ['otlp_grpc', 'gzip'],
    ['otlp_grpc', 'none'],
    ['otlp', 'gzip'],
    ['otlp_http', 'gzip'],
    ['otlp_http', 'none'],
    ['otlphttp', 'gzip'],
  ])(
    '%s, compression %s: its /metrics is ours',
    async (type, compression) => {
      collector = await startCollector(program);
      const port = type.includes('http') ? collector.httpPort : collector.grpcPort;
      const endpoint = `http://127.0.0.1:${port}`;
      await start({ endpoint, compression }, type);
      await expect.poll(() => collector.written().length, { timeout: 10_000 }).toBeGreaterThan(1);
      const ours = comparable(await agent?.scrape());
      const theirs = comparable(await collector.scrape());
      expect(theirs.size).toBeGreaterThan(500);
      for (const [row, value] of ours) {
        const name = row.slice(0, row.indexOf('{'));
        const there = row.replace(name, RENAMED[name] ?? name);
        expect(theirs.get(there), there).toBe(value);
        theirs.delete(there);
      }
      expect([...theirs.keys()]).toEqual([]);
      expect(collector.log()).not.toMatch(/\terror\t/);
      expect(agent?.log()).not.toMatch(/\t(error|warn)\t.*otlp/);
    },
    60_000,
  );

  test.each([
    ['otlp_grpc', 'TLS'],
    ['otlp_http', 'TLS'],
    ['otlp_grpc', 'mTLS'],
    ['otlp_http', 'mTLS'],
  ])(
    '%s over %s',
    async (type, kind) => {
      const authority = makeAuthority();
      try {
        const [server, client] = [authority.issue('localhost'), authority.issue('agent')];
        const isMutual = kind === 'mTLS';
        collector = await startCollector(program, {
          ...{ cert_file: server.cert, key_file: server.key },
          ...(isMutual ? { client_ca_file: authority.ca } : {}),
        });
        const port = type === 'otlp_http' ? collector.httpPort : collector.grpcPort;
        const own = isMutual ? { cert_file: client.cert, key_file: client.key } : {};
        const tls = { ca_file: authority.ca, ...own };
        await start({ endpoint: `https://localhost:${port}`, tls }, type);
        await expect.poll(() => collector.written().length, { timeout: 10_000 }).toBeGreaterThan(0);
        expect(comparable(await collector.scrape()).size).toBeGreaterThan(500);
      } finally {
        authority.remove();
      }
    },
    30_000,
  );

  test('a container that is gone ends there', async () => {
    const host = makeHost();
    const [stays, goes] = ['/system.slice/stays.service', '/system.slice/goes.service'];
    for (const id of [stays, goes]) host.cgroup(id, [1]);
    collector = await startCollector(program);
    await start({ endpoint: `http://127.0.0.1:${collector.grpcPort}` }, 'otlp_grpc', host.path);
    const ids = async () =>
      new Set(parseRows(await collector.scrape()).map(({ labels }) => labels.id));
    await expect.poll(async () => (await ids()).has(goes), { timeout: 10_000 }).toBe(true);
    rmSync(join(host.path, 'sys/fs/cgroup', goes), { recursive: true });
    await expect.poll(async () => (await ids()).has(goes), { timeout: 10_000 }).toBe(false);
    expect((await ids()).has(stays)).toBe(true);
    host.remove();
  }, 30_000);
});

/** Rows by name and labels, without what a Collector adds and what moves with the clock. */
function comparable(text = ''): Map<string, number> {
  const rows = parseRows(text).flatMap(({ name, labels, value }) => {
    if (/^(target_info|scrape_|up$|otel_)/.test(name) || name === 'container_last_seen') return [];
    const own = Object.entries(labels)
      .filter(([key, each]) => !/^(job|instance|otel_scope_)/.test(key) && each !== '')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => `${key}=${each}`);
    return [[`${name}{${own.join()}`, value] as const];
  });
  return new Map(rows);
}
