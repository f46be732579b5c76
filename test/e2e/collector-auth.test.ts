import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, startAgent } from '../support/agent.ts';
import { type Authority, makeAuthority } from '../support/certificates.ts';
import { buildCollector, type Collector, startCollector } from '../support/otlp/collector.ts';
import { findPeer, isMissing } from '../support/peers.ts';
import { unpackTree } from '../support/tree.ts';

const needs = { go: findPeer('go'), openssl: findPeer('openssl') };
const isSkipped = isMissing('a real Collector that authenticates', needs);

const LOGINS = {
  basicauth: { client_auth: { username: 'me', password: 'right' } },
  bearertokenauth: { token: 'right' },
};
/** The Collector compares the whole header, so one extension knows the form of both. */
const GOOD = {
  basicauth: { scheme: 'Basic', token: Buffer.from('me:right').toString('base64') },
  bearertokenauth: { scheme: 'Bearer', token: 'right' },
};

describe.skipIf(isSkipped)('a real Collector that authenticates', () => {
  let program: string;
  let authority: Authority;
  let collector: Collector;
  let agent: Agent;

  beforeAll(() => {
    program = buildCollector();
  }, 1_200_000);
  beforeEach(() => {
    authority = makeAuthority();
  });
  afterEach(async () => {
    await agent.stop();
    await collector.stop();
    authority.remove();
  });

  async function push(type: string, login: keyof typeof LOGINS, good: typeof GOOD.basicauth) {
    const { cert, key } = authority.issue('localhost');
    collector = await startCollector(program, { cert_file: cert, key_file: key }, good);
    const port = type === 'otlp_http' ? collector.httpPort : collector.grpcPort;
    const root = join(unpackTree('sysd-v2'), 'snap1');
    const exporter = {
      endpoint: `https://localhost:${port}`,
      tls: { ca_file: authority.ca },
      auth: { authenticator: `${login}/client` },
    };
    const config = {
      receivers: { cgroup: { root_path: root, collection_interval: '1s', initial_delay: '0s' } },
      extensions: { workload_observer: { root_path: root }, [`${login}/client`]: LOGINS[login] },
      exporters: { [type]: exporter },
      service: {
        extensions: ['workload_observer', `${login}/client`],
        pipelines: { metrics: { receivers: ['cgroup'], exporters: [type] } },
      },
    };
    agent = await startAgent(['--config', `yaml:${JSON.stringify(config)}`], false);
  }

  test.each([
    ['otlp_grpc', 'basicauth'],
    ['otlp_http', 'basicauth'],
    ['otlp_grpc', 'bearertokenauth'],
    ['otlp_http', 'bearertokenauth'],
  ] as const)('takes what %s sends with %s', async (type, login) => {
    await push(type, login, GOOD[login]);
    await expect.poll(() => collector.written().length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(agent.log()).not.toMatch(/\t(error|warn)\t.*otlp/);
  });

  test.each([['otlp_grpc'], ['otlp_http']])(
    'does not take what %s sends with another',
    async (type) => {
      await push(type, 'bearertokenauth', { scheme: 'Bearer', token: 'other' });
      await expect
        .poll(() => agent.log(), { timeout: 10_000 })
        .toMatch(/Exporting failed. Dropping data.*(UNAUTHENTICATED|Status Code 401)/);
      expect(agent.log()).not.toContain('right');
      expect(collector.written()).toEqual([]);
    },
  );
});
