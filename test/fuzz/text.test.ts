import { globSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode } from '../../src/confmap/decode.ts';
import { duration, endpoint, glob } from '../../src/confmap/formats.ts';
import { resolve } from '../../src/confmap/resolve.ts';
import { COMPONENTS } from '../../src/distribution/components.ts';
import { ConfigError } from '../../src/errors.ts';
import { numberAt } from '../../src/platform/file/bytes.ts';
import { parseStateName } from '../../src/platform/runsc/state.ts';
import { cgroupPathOf, isKubepods, parseCgroupPath } from '../../src/workload/cgroup-path.ts';
import { fuzz, inputsOf } from './fuzz.ts';

const { receivers, processors, exporters, extensions } = COMPONENTS;
const FACTORIES = [...receivers, ...processors, ...exporters, ...extensions];
const ID = 'ab'.repeat(32);
const UID = '16b4b963_ffee_4616_812c_a13ed94c0c7f';
const PATHS = [
  `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID}.slice/cri-containerd-${ID}.scope`,
  `/kubepods/burstable/pod${UID.replaceAll('_', '-')}/${ID}`,
  `/system.slice/docker-${ID}.scope`,
  `/docker/${ID}`,
  `/machine.slice/libpod-${ID}.scope/container`,
  `kubepods-burstable-pod${UID}.slice:cri-containerd:${ID}`,
  `${ID}_sandbox:${ID}.state`,
].map((text) => Buffer.from(text));

test('cgroup paths, paths of OCI specs and names of state files', () => {
  fuzz({
    share: 100,
    seeds: PATHS,
    run(input) {
      const text = input.toString();
      const { id, kind, containerId } = parseCgroupPath(text);
      if (id !== text) throw new Error('the id is not the path');
      if (containerId !== undefined && !/^[0-9a-f]{64}$/.test(containerId)) throw new Error(kind);
      isKubepods(text);
      const path = cgroupPathOf(text.slice(0, 4096), ID);
      if (!path.startsWith('/')) throw new Error(`${path} is no path`);
      if (path.length > 300_000) throw new Error(`a path of ${path.length} characters`);
      const state = parseStateName(text);
      for (const each of state ? [state.containerId, state.sandboxId] : []) {
        if (!/^[\w+][\w+.-]{0,255}$/.test(each)) throw new Error(`${each} is no id`);
      }
    },
  });
});

test('numbers', () => {
  const seeds = ['123456 7', 'max 100000', '-1', '18446744073709551615'].map((text) =>
    Buffer.from(text),
  );
  fuzz({
    share: 50,
    seeds,
    run(input) {
      const value = numberAt(input, 0, input.length);
      if (Number.isNaN(value)) throw new Error('NaN');
      const told = /^(-?)(\d{1,19}(?!\d))/.exec(input.toString('latin1'));
      if (told === null) return;
      const exact = Number(told[0]);
      const expected = Math.abs(exact) >= 2 ** 62 ? exact * Number.POSITIVE_INFINITY : exact;
      if (value !== expected && !(value === 0 && expected === 0)) throw new Error(`${value}`);
    },
  });
});

test('durations, endpoints and globs', () => {
  const seeds = [
    '1m30s',
    '250ms',
    '0',
    'localhost:9464',
    '[::1]:80',
    ':0',
    '/kubepods*/**',
    '/a?b/*',
  ];
  const codecs = [duration(), endpoint(), glob()];
  fuzz({
    share: 15,
    seeds: seeds.map((text) => Buffer.from(text)),
    run(input) {
      const text = input.toString().slice(0, 2000);
      const [time, address, pattern] = codecs.map((codec) => codec.safeParse(text).data);
      if (time !== undefined && !((time as number) >= 0)) throw new Error(`${time} ms`);
      const { port = 0 } = (address ?? {}) as { port?: number };
      if (!(port >= 0 && port <= 65_535)) throw new Error(`port ${port}`);
      if (text.split('**').length < 3)
        (pattern as { matches(path: string): boolean } | undefined)?.matches(
          PATHS[0]?.toString() ?? '',
        );
    },
  });
});

test('configurations', () => {
  const paths = ['otel-collector.yaml', ...globSync('{config,examples/*}/*.yaml')];
  const whole = "a: ${env:HOME}\nb: ['${FUZZ:-7}', '$${x}', '${env:NAME:-${yaml:[1, {c: 2}]}}']\n";
  const env = { HOME: '[1, 2]', NAME: '7', LOOP: 'a: ${env:LOOP}' };
  fuzz({
    share: 10,
    seeds: [...paths.map((path) => readFileSync(path)), Buffer.from(whole)],
    run(input) {
      const text = input.toString().slice(0, 20_000);
      configured(() => {
        const options = { env: { ...env, FUZZ: text }, warn() {} };
        const conf = resolve(['env:FUZZ'], ['service.x=${env:NAME}'], options);
        for (const { config } of FACTORIES) configured(() => decode(config as never, conf));
      });
    },
  });
});

test('values of any shape for every section', () => {
  const sections = FACTORIES.map(({ config }) => config);
  fc.assert(
    fc.property(fc.constantFrom(...sections), fc.object({ maxDepth: 3 }), (config, value) => {
      const conf = { value: JSON.parse(JSON.stringify(value)), locate: () => undefined };
      configured(() => decode(config as never, conf));
    }),
    { numRuns: inputsOf(5) },
  );
  expect(sections.length).toBeGreaterThan(3);
});

/** A ConfigError is the only one that a configuration may cause. */
function configured(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
  }
}
