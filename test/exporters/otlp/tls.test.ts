import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, makeAuthority } from '../../support/certificates.ts';
import type { OtlpServer } from '../../support/otlp/server.ts';
import { batchOf, create, PROTOCOLS, RETRY, run, stops, taken, upTo } from './running.ts';
import { startTlsServer } from './tls-server.ts';

let authority: Authority;
let other: Authority;
beforeAll(() => {
  authority = makeAuthority();
  other = makeAuthority();
});
afterAll(() => {
  authority.remove();
  other.remove();
});

describe.each(PROTOCOLS)('$name', ({ name, factory }) => {
  async function listen(options?: Parameters<typeof startTlsServer>[2]): Promise<OtlpServer> {
    const server = await startTlsServer(name, authority, options);
    stops.push(server.stop);
    return server;
  }

  /** Pushes one point; what came of it. */
  async function push(server: OtlpServer, tls: string, endpoint = 'https://localhost') {
    const yaml = `tls: {${tls}}\nretry_on_failure: {enabled: false}`;
    const { exporter, count, fields } = await run(factory, `${endpoint}:${server.port}`, yaml);
    await exporter.consume(batchOf(1));
    await expect.poll(() => count('sent') + count('send_failed')).toBe(1);
    return count('sent') === 1 ? 'taken' : fields.join();
  }

  test('the certificate of the other side is checked, by authority and name', async () => {
    const server = await listen();
    expect(await push(server, `ca_file: ${authority.ca}`)).toBe('taken');
    expect(await push(server, `ca_file: ${authority.ca}`, 'https://127.0.0.1')).toBe('taken');
    expect(await push(server, `ca_file: ${other.ca}`)).toMatch(
      /self-signed|unable to verify|signature/,
    );
    expect(await push(server, '')).toMatch(/self-signed|unable to|signature/);
    const named = `ca_file: ${authority.ca}, server_name_override`;
    expect(await push(server, `${named}: wrong.example`)).toMatch(/altnames|wrong\.example/i);
    expect(await push(server, `${named}: localhost`, 'https://127.0.0.1')).toBe('taken');
  });

  test('insecure_skip_verify takes any certificate', async () => {
    const server = await listen();
    expect(await push(server, `ca_file: ${other.ca}, insecure_skip_verify: true`)).toBe('taken');
    const wrong = 'server_name_override: wrong.example, insecure_skip_verify: true';
    expect(await push(server, wrong)).toBe('taken');
  });

  test('a client certificate that has changed is shown by the next connection', async () => {
    const server = await listen({ isMutual: true });
    const [first, second] = [authority.issue('first'), authority.issue('second')];
    const at = (file: string) => join(authority.folder, `${name}-${file}`);
    const install = ({ cert, key }: typeof first) => {
      copyFileSync(cert, at('cert'));
      copyFileSync(key, at('key'));
    };
    install(first);
    const yaml = `${RETRY}\ntls: {ca_file: ${authority.ca}, cert_file: ${at('cert')}, key_file: ${at('key')}}`;
    const running = await run(factory, `https://localhost:${server.port}`, yaml);
    const { exporter, log, fields, count, metrics } = running;
    let sent = 0;
    const push = async () => {
      await exporter.consume(batchOf(1, sent++));
      await expect.poll(() => count('sent')).toBe(sent);
      return server.headers.at(-1)?.client;
    };
    expect(await push()).toBe('first');
    // What is under way while it changes is neither lost nor sent twice.
    server.answers.push({ delayMillis: 1000 });
    await exporter.consume(batchOf(1, sent++));
    install(second);
    await expect.poll(push, { timeout: 5000, interval: 100 }).toBe('second');
    const reloads = (result: string) =>
      metrics.values()[
        `sandgauge_config_file_reloads{file="exporters::${name}::tls",result="${result}"}`
      ] ?? 0;
    expect(reloads('succeeded')).toBe(1);
    writeFileSync(at('cert'), 'no certificate');
    await expect.poll(() => reloads('failed'), { timeout: 5000 }).toBe(1);
    writeFileSync(at('key'), 'no key');
    await expect.poll(() => reloads('failed'), { timeout: 5000 }).toBe(2);
    expect(log).toEqual(['Kept the old content of changed files']);
    expect(fields[0]).toContain(`tls::cert_file: ${at('cert')} holds no valid PEM certificate`);
    expect(await push()).toBe('second');
    install(first);
    await expect.poll(push, { timeout: 5000, interval: 100 }).toBe('first');
    expect(taken(server).sort((a, b) => a - b)).toEqual(upTo(sent));
    expect(count('send_failed')).toBe(0);
  }, 30_000);

  test.each([
    ['cert_pem: x', 'tls: a client certificate needs both cert and key'],
    ['ca_pem: x', 'tls::ca_pem: the text holds no valid PEM certificate'],
    ['ca_file: /none', 'tls::ca_file: cannot read /none: there is no such file'],
    ['ca_file: /none, ca_pem: x', 'tls: has both ca_file and ca_pem; give one'],
    ['min_version: "1.3", max_version: "1.2"', 'tls::max_version: is below min_version'],
    ['min_version: "1.1"', 'tls::min_version: expected a TLS version'],
  ])('%s is a fault', (tls, reason) => {
    const yaml = `endpoint: https://localhost:1\ntls: {${tls}}`;
    expect(() => create(factory, yaml)).toThrow(reason);
  });

  test('a key of another certificate is a fault', () => {
    const [one, two] = [authority.issue('one'), authority.issue('two')];
    const tls = `cert_file: ${one.cert}, key_file: ${two.key}`;
    expect(() => create(factory, `endpoint: https://localhost:1\ntls: {${tls}}`)).toThrow(
      /tls::key_file: .*two.key is not the key of/,
    );
  });
});

test('a version of TLS that the other side does not have is not used', async () => {
  const [, http] = PROTOCOLS as [(typeof PROTOCOLS)[0], (typeof PROTOCOLS)[0]];
  const server = await startTlsServer('otlp_http', authority, { maxVersion: 'TLSv1.2' });
  stops.push(server.stop);
  const retry = 'retry_on_failure: {enabled: false}';
  for (const [version, sent] of [
    ['1.2', 1],
    ['1.3', 0],
  ] as const) {
    const yaml = `tls: {ca_file: ${authority.ca}, min_version: "${version}"}\n${retry}`;
    const { exporter, count } = await run(http.factory, `https://localhost:${server.port}`, yaml);
    await exporter.consume(batchOf(1));
    await expect.poll(() => count('sent') + count('send_failed')).toBe(1);
    expect(count('sent')).toBe(sent);
  }
});
