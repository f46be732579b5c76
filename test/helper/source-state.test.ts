import { expect, test } from 'vitest';
import { createLogOnce } from '../../src/helper/log-once.ts';
import { createSource, createStateCounts } from '../../src/helper/source-state.ts';
import { createOwnMetrics, createTelemetry } from '../../src/service/telemetry.ts';

function setUp(names: readonly string[] = ['a']) {
  const lines: string[] = [];
  const say = (message: string, fields?: object) =>
    lines.push(`${message} ${Object.values(fields ?? {})}`);
  const logger = { debug() {}, info: say, warn: say, error: say };
  const metrics = createOwnMetrics();
  const telemetry = createTelemetry(logger, metrics);
  const counts = createStateCounts(telemetry, 'states', { source: 'x' });
  const sources = names.map((key) =>
    createSource({
      ...{ key, counts, said: createLogOnce(logger), fields: { id: key } },
      messages: { failed: 'fails', recovered: 'works again' },
      failures: telemetry.counter('failures'),
    }),
  );
  const states = () =>
    Object.entries(metrics.values())
      .filter(([key, value]) => key.startsWith('states') && value > 0)
      .map(([key, value]) => `${/state="(\w+)"/.exec(key)?.[1]} ${value}`);
  return { lines, sources, states, counts, metrics, source: sources[0] as (typeof sources)[0] };
}

const denied = () => Object.assign(new Error('EACCES: open'), { code: 'EACCES' });

test('a source goes through its states; each trouble is said once, its end once', () => {
  const { source, states, lines, metrics } = setUp();
  expect([source.state, states()]).toEqual([undefined, []]);
  source.is('absent');
  expect([source.state, states(), lines]).toEqual(['absent', ['absent 1'], []]);
  source.failed(denied());
  source.failed(denied());
  expect([source.state, source.error, states()]).toEqual(['denied', 'EACCES: open', ['denied 1']]);
  expect(lines).toEqual(['fails a,EACCES: open']);
  source.failed(new Error('rubbish'), 'does not answer');
  source.failed(new Error('rubbish'), 'does not answer');
  source.failed(new Error('rubbish'));
  expect([source.state, states()]).toEqual(['failing', ['failing 1']]);
  expect(lines.slice(1)).toEqual(['does not answer a,rubbish']);
  source.succeeded();
  source.succeeded();
  expect([source.state, source.error, states()]).toEqual(['up', undefined, ['up 1']]);
  expect(lines.slice(2)).toEqual(['works again a']);
  expect(metrics.values()['failures{}']).toBe(5);
  source.failed(new Error('once more'));
  expect(lines.slice(3)).toEqual(['fails a,once more']);
});

test('a denial is found behind the error that tells of it', () => {
  const { source } = setUp();
  source.failed(new Error('cannot list', { cause: denied() }));
  expect(source.state).toBe('denied');
});

test('a source that failed is not tried at once', () => {
  const { source } = setUp();
  expect(source.mayTry()).toBe(true);
  source.failed(new Error('no'));
  expect(source.mayTry()).toBe(false);
  source.is('absent');
  expect(source.mayTry()).toBe(true);
});

test('many sources are counted by state, and gone ones not at all', () => {
  const { sources, states, counts, metrics } = setUp(['a', 'b', 'c']);
  for (const each of sources) each.succeeded();
  expect(states()).toEqual(['up 3']);
  sources[0]?.failed(new Error('no'));
  expect(states()).toEqual(['failing 1', 'up 2']);
  sources[0]?.close();
  expect(states()).toEqual(['up 2']);
  counts.close();
  expect(Object.keys(metrics.values()).filter((key) => key.startsWith('states'))).toEqual([]);
});
