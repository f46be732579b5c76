import { afterEach, expect, test, vi } from 'vitest';
import { decode } from '../../../src/confmap/decode.ts';
import { TELEMETRY } from '../../../src/service/telemetry/config.ts';
import { createLogger } from '../../../src/service/telemetry.ts';
import { conf } from './conf.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function loggerOf(yaml: string) {
  const lines: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  const { logs } = decode(TELEMETRY, conf(yaml));
  return { lines, logger: createLogger(logs.level, logs) };
}

test('console: time, level, message and fields between tabs', () => {
  const { lines, logger } = loggerOf('logs: {initial_fields: {node: a}}');
  logger.info('Started', { port: 1 });
  logger.debug('not shown');
  expect(lines).toEqual([
    expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z\tinfo\tStarted\t\{"node":"a","port":1\}\n$/),
  ]);
});

test('json: one object for each line, with the keys of zap', () => {
  const { lines, logger } = loggerOf('logs: {encoding: json, level: debug}');
  logger.debug('Seen', { path: '/x' });
  const line = JSON.parse(lines[0] ?? '');
  expect(line).toEqual({ level: 'debug', ts: expect.any(Number), msg: 'Seen', path: '/x' });
  expect(Math.abs(line.ts - Date.now() / 1000)).toBeLessThan(5);
});

test('sampling: of equal lines the first of a tick, then each n-th', () => {
  const sampling = '{tick: 1s, initial: 2, thereafter: 3}';
  const { lines, logger } = loggerOf(`logs: {sampling: ${sampling}}`);
  const start = performance.now();
  const clock = vi.spyOn(performance, 'now').mockReturnValue(start);
  for (let i = 0; i < 8; i++) logger.info('again', { i });
  logger.warn('again');
  logger.info('other');
  const shown = lines.map((line) => line.split('\t').slice(1).join(' ').trim());
  expect(shown).toEqual([
    'info again {"i":0}',
    'info again {"i":1}',
    'info again {"i":4}',
    'info again {"i":7}',
    'warn again',
    'info other',
  ]);
  clock.mockReturnValue(start + 1001);
  logger.info('again', { i: 8 });
  expect(lines.at(-1)).toContain('"i":8');
});

test.each([
  ['logs: {sampling: {enabled: false}}', 50],
  ['logs: {sampling: {initial: 3, thereafter: 0}}', 3],
  ['', 10],
])('sampling %j of 50 lines gives %i', (yaml, count) => {
  const { lines, logger } = loggerOf(yaml);
  for (let i = 0; i < 50; i++) logger.info('again');
  expect(lines).toHaveLength(count);
});
