import { afterEach, expect, test } from 'vitest';
import { type Agent, freePort, startAgent } from '../../support/agent.ts';
import { type OtlpServer, startGrpcServer } from '../../support/otlp/server.ts';

let agent: Agent | undefined;
let server: OtlpServer | undefined;
afterEach(async () => {
  await agent?.stop();
  await server?.stop();
});

test('the bundle serves and pushes its own metrics, says its health and logs JSON', async () => {
  server = await startGrpcServer();
  const [own, health] = [await freePort(), await freePort()];
  const otlp = `{endpoint: "http://127.0.0.1:${server.port}"}`;
  const readers = [
    `{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${own}}}}}`,
    `{periodic: {interval: 60000, exporter: {otlp: ${otlp}}}}`,
  ];
  const settings = [
    `service.telemetry.metrics.readers=[${readers.join(', ')}]`,
    'service.telemetry.logs.encoding=json',
    'receivers.cgroup.include=[/]',
    'service.extensions=[workload_observer, health_check]',
    `extensions.health_check.endpoint=127.0.0.1:${health}`,
  ];
  agent = await startAgent(settings.flatMap((setting) => ['--set', setting]));
  await agent.scrape();
  const rows = await (await fetch(`http://127.0.0.1:${own}/metrics`)).text();
  expect(rows).toMatch(
    /^otelcol_receiver_accepted_metric_points_total\{receiver="cgroup"\} [1-9]/m,
  );
  expect(rows).toMatch(
    /^otelcol_exporter_sent_metric_points_total\{exporter="prometheus"\} [1-9]/m,
  );
  expect(rows).toMatch(/^sandgauge_source_state\{source="cgroup",state="up"\} 1$/m);
  expect(rows).toMatch(/^sandgauge_source_state\{source="runsc",state="(absent|up)"\} 1$/m);
  const ready = await fetch(`http://127.0.0.1:${health}/?verbose`);
  expect(ready.status).toBe(200);
  const { status, components } = (await ready.json()) as {
    status: string;
    components: { id: string; status: string }[];
  };
  expect(status).toBe('Server available');
  expect(components).toContainEqual({ id: 'cgroup', status: 'ok' });
  for (const line of agent.log().trim().split('\n')) {
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), ts: expect.any(Number) });
  }
  expect(await agent.stop()).toBe(0);
  expect(server.taken).toHaveLength(1);
  const metrics = server.taken[0]?.resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
  expect(metrics.map(({ name }) => name)).toContain('otelcol_process_memory_rss');
});
