import { expect, test } from 'vitest';
import { parseComponentId } from '../../src/component/id.ts';
import { resolve } from '../../src/confmap/resolve.ts';
import { COMPONENTS } from '../../src/distribution/components.ts';
import { ConfigError } from '../../src/errors.ts';
import { checkConfig } from '../../src/service/check.ts';
import { trimIds } from '../../src/service/ids.ts';

const load = (yaml: string) =>
  trimIds(resolve(['f'], [], { env: { ID: ' cgroup ' }, builtIn: { f: yaml }, warn() {} }));

test('spaces around type and name are dropped, as keys and in references', () => {
  const conf = load(
    [
      'receivers:',
      '  " cgroup / a ": {timout: 1s}',
      'service:',
      '  extensions: [" x "]',
      '  pipelines: {" metrics / b ": {receivers: ["cgroup /a", "${env:ID}"]}}',
    ].join('\n'),
  );
  expect(conf.value).toEqual({
    receivers: { 'cgroup/a': { timout: '1s' } },
    service: {
      extensions: ['x'],
      pipelines: { 'metrics/b': { receivers: ['cgroup/a', 'cgroup'] } },
    },
  });
  expect(conf.locate(['receivers', 'cgroup/a', 'timout'])).toEqual({ file: 'f', line: 2 });
  expect(() => load('receivers: {cgroup: , " cgroup": }')).toThrow(
    'f:1: receivers: duplicate name "cgroup"',
  );
});

test.each([
  ['', 'id must not be empty'],
  ['x/', 'in "x/" id: the part after / should not be empty'],
  ['/x', 'in "/x" id: the part before / should not be empty'],
  ['a-b', 'in "a-b" id: invalid character(s) in type "a-b"'],
  ['1', 'in "1" id: invalid character(s) in type "1"'],
  [`a${'b'.repeat(63)}`, 'invalid character(s) in type'],
  ['x/a b', 'in "x/a b" id: invalid character(s) in name "a b"'],
  ['x/$', 'invalid character(s) in name "$"'],
  [`x/${'a'.repeat(1025)}`, 'the name is longer than 1024 characters'],
])('the id %j is refused', (id, message) => {
  expect(() => parseComponentId(id, 'receivers')).toThrow(ConfigError);
  expect(() => parseComponentId(id, 'receivers')).toThrow(message);
});

test.each(['x', 'x/y', 'x/y/z', 'x/ö.1-2'])('the id %j is taken', (id) => {
  expect(parseComponentId(id, 'receivers').text).toBe(id);
});

test('all that decoding finds is told at once, else all that is wrong with references', () => {
  const check = (yaml: string) => () => checkConfig(load(yaml), COMPONENTS);
  const undecodable = [
    'receivers:',
    '  cgroup: {fd_budget: x, timout: 1}',
    '  cgroup/2: {raw_cgroups: no}',
    '  nope:',
    'exporters: {debug/ : }',
    'servce: {}',
    'service: {pipelines: {metrics: {receivers: 5}}}',
  ].join('\n');
  const faults = [
    'f:6: servce: unknown key, did you mean "service"? ',
    "f:7: service::pipelines::metrics::receivers: 'receivers' expected type 'list', got",
    'f:2: receivers::cgroup::timout: unknown key, did you mean "timeout"? ',
    "f:2: receivers::cgroup::fd_budget: 'fd_budget' expected type 'int', got",
    'f:3: receivers::cgroup/2::raw_cgroups: expected one of',
    'f:4: receivers::nope: unknown type: "nope" for id: "nope" (valid values: [cgroup ',
    'f:5: exporters::debug/: in "debug/" id: the part after / should not be empty',
  ];
  for (const fault of faults) expect(check(undecodable)).toThrow(fault);
  const unreferenced = [
    'receivers: {cgroup: }',
    'exporters: {debug: }',
    'service:',
    '  extensions: [nope]',
    '  pipelines:',
    '    metrics: {receivers: [cgroup, cgroup], exporters: [none]}',
    '    metrics/2: {}',
  ].join('\n');
  expect(check(unreferenced)).toThrow(
    [
      'f:4: service::extensions: references extension "nope" which is not configured (configured: none)',
      'f:6: service::pipelines::metrics: references receiver "cgroup" multiple times',
      'f:6: service::pipelines::metrics::exporters: references exporter "none" which is not configured (configured: debug)',
      'f:7: service::pipelines::metrics/2: must have at least one receiver',
      'f:7: service::pipelines::metrics/2: must have at least one exporter',
    ].join('\n'),
  );
  expect(check('')).toThrow('empty configuration file');
  expect(check('extensions: {workload_observer: }')).toThrow(
    'no receiver configuration specified in config\nno exporter configuration specified in config\nservice::pipelines: service must have at least one pipeline',
  );
});
