import { expect, test } from 'vitest';
import { decode } from '../../../src/confmap/decode.ts';
import { TELEMETRY, type TelemetryConfig } from '../../../src/service/telemetry/config.ts';
import { conf } from './conf.ts';

const parse = (yaml: string): TelemetryConfig => decode(TELEMETRY, conf(yaml));

test('without a section there are console logs and no readers', () => {
  const { logs, metrics } = parse('');
  expect(logs).toMatchObject({ level: 'info', encoding: 'console' });
  expect(logs.sampling).toEqual({ enabled: true, tick: 10_000, initial: 10, thereafter: 100 });
  expect(metrics).toEqual({ level: 'normal', readers: [] });
});

test("readers take the Collector's keys; headers are a list or a map and secret", () => {
  const { metrics } = parse(`
metrics:
  level: detailed
  readers:
    - pull: {exporter: {prometheus: {host: 0.0.0.0, port: 8888}}}
    - periodic:
        interval: 5000
        exporter:
          otlp:
            protocol: grpc
            endpoint: https://collector:4317
            headers: {api-key: secret}
    - periodic: {exporter: {otlp: {insecure: true, headers: [{name: a, value: b}]}}}
    - pull:
`);
  const [pull, mapped, listed, bare] = metrics.readers;
  expect(pull?.pull?.exporter.prometheus).toMatchObject({ host: '0.0.0.0', port: 8888 });
  expect(mapped?.periodic).toMatchObject({ interval: 5000, timeout: 30_000 });
  const header = mapped?.periodic?.exporter.otlp.headers[0];
  expect([header?.name, header?.value.reveal(), `${header?.value}`]).toEqual([
    'api-key',
    'secret',
    '[REDACTED]',
  ]);
  expect(listed?.periodic?.exporter.otlp.headers[0]?.value.reveal()).toBe('b');
  expect(bare?.pull).toBeUndefined();
});

test.each([
  ['metrics: {address: ":8888"}', 'metrics::address: unknown key'],
  ['logs: {encoding: xml}', 'expected one of: console, json'],
  ['metrics: {level: some}', 'expected one of: none, basic, normal, detailed'],
  ['metrics: {readers: [{}]}', 'must have exactly one of: pull, periodic'],
  ['metrics: {readers: [{pull: {}, periodic: {}}]}', 'must have exactly one of: pull, periodic'],
  ['metrics: {readers: [{push: {}}]}', 'push: unknown key'],
  ['metrics: {readers: [{pull: {exporter: {otlp: {}}}}]}', 'otlp: unknown key'],
  ['metrics: {readers: [{periodic: {exporter: {otlp: {protocol: http/protobuf}}}}]}', 'grpc'],
  ['metrics: {readers: [{periodic: {interval: 5s}}]}', "expected type 'int'"],
])('%s is refused', (yaml, reason) => {
  expect(() => parse(yaml)).toThrow(reason);
});
