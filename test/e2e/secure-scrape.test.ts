import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import bcrypt from 'bcryptjs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Agent, startAgent } from '../support/agent.ts';
import { type Authority, makeAuthority } from '../support/certificates.ts';
import { findPeer, isMissing } from '../support/peers.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';

const isSkipped = isMissing('scrapes over TLS', { prometheus: findPeer('prometheus') });
let authority: Authority;
let agent: Agent | undefined;
let prometheus: Prometheus | undefined;
beforeEach(() => {
  authority = makeAuthority();
  const { cert, key } = authority.issue('agent');
  renameSync(cert, join(authority.folder, 'tls.crt'));
  renameSync(key, join(authority.folder, 'tls.key'));
  chmodSync(join(authority.folder, 'tls.key'), 0o400);
  process.env.SECRETS = authority.folder;
});
afterEach(async () => {
  await prometheus?.stop();
  await agent?.stop();
  authority.remove();
});

/** The configuration that the README of the example shows. */
function exampleYaml(): string {
  const text = readFileSync('examples/tls/README.md', 'utf8');
  return /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
}

function write(name: string, text: string): string {
  const path = join(authority.folder, name);
  writeFileSync(path, text);
  return path;
}

/** How many of the last scrapes of the agent brought rows. */
async function scraped(yaml: string, job: object): Promise<number> {
  agent = await startAgent(['--config', write('agent.yaml', yaml)]);
  const scrape = {
    job_name: 'agent',
    scheme: 'https',
    tls_config: { ca_file: authority.ca },
    static_configs: [{ targets: [new URL(agent.url).host] }],
    ...job,
  };
  const config = { global: { scrape_interval: '1s' }, scrape_configs: [scrape] };
  const running = await startPrometheus(`${JSON.stringify(config)}\n`);
  prometheus = running;
  const isDone = async () => (await running.query('up{job="agent"}')).length;
  await expect.poll(isDone, { timeout: 20_000, interval: 500 }).toBe(1);
  return (await running.query('container_cpu_usage_seconds_total{id="/"}')).length;
}

const basicAuth = { username: 'prometheus', password: 'pass' };

test.skipIf(isSkipped)('the example is scraped by Prometheus with TLS and a password', async () => {
  write('htpasswd', `prometheus:${bcrypt.hashSync('pass', 8)}\n`);
  expect(await scraped(exampleYaml(), { basic_auth: basicAuth })).toBe(1);
  expect(agent?.log()).toContain('"url":"https://');
  expect(agent?.log()).not.toContain('without TLS');
});

test.skipIf(isSkipped)('with a wrong password nothing is scraped', async () => {
  write('htpasswd', 'prometheus:another\n');
  expect(await scraped(exampleYaml(), { basic_auth: basicAuth })).toBe(0);
});

test.skipIf(isSkipped)('with a token, a client certificate and OpenMetrics', async () => {
  write('tokens', 'a-token\n');
  const yaml = exampleYaml()
    .replaceAll('basicauth', 'bearertokenauth')
    .replace('htpasswd:\n      file: ${env:SECRETS}/htpasswd', 'filename: ${env:SECRETS}/tokens')
    .replace('collect_on_scrape: true', 'collect_on_scrape: true\n    enable_open_metrics: true')
    .replace('tls:\n', 'tls:\n      client_ca_file: ${env:SECRETS}/ca.crt\n');
  expect(yaml).toContain('filename');
  const client = authority.issue('prometheus');
  const job = {
    authorization: { credentials: 'a-token' },
    tls_config: { ca_file: authority.ca, cert_file: client.cert, key_file: client.key },
  };
  expect(await scraped(yaml, job)).toBe(1);
});

test('without its certificate the example does not start, and says why', async () => {
  write('htpasswd', 'prometheus:pass\n');
  renameSync(join(authority.folder, 'tls.crt'), join(authority.folder, 'gone.crt'));
  await expect(startAgent(['--config', write('agent.yaml', exampleYaml())])).rejects.toThrow(
    /exporters::prometheus::tls::cert_file: cannot read .*tls\.crt: there is no such file/,
  );
});
