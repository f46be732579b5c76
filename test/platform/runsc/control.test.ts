import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseEventReply, parseProcesses } from '../../../src/platform/runsc/event.ts';
import { createJsonEnd } from '../../../src/platform/runsc/json-end.ts';
import { parseStateName, readState } from '../../../src/platform/runsc/state.ts';

const FIXTURES = 'test/fixtures/runsc';
const IDLE = 'dd00000000000000000000000000000000000000000000000000000000000003';
const SANDBOX = 'aa00000000000000000000000000000000000000000000000000000000000001';

test('the end of a value is found however the stream is cut', () => {
  fc.assert(
    fc.property(fc.object(), fc.array(fc.nat(), { maxLength: 8 }), (value, cuts) => {
      const bytes = Buffer.from(JSON.stringify(value));
      const at = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
        (a, b) => a - b,
      );
      const end = createJsonEnd();
      let from = 0;
      let found: number | undefined;
      for (const to of at) {
        if (to === from) continue;
        expect(found).toBeUndefined();
        const length = end.take(bytes.subarray(from, to));
        if (length !== undefined) found = from + length;
        from = to;
      }
      expect(found).toBe(bytes.length);
    }),
  );
});

test.each(['x', '1', '"text"', '[1]', ']', 'HTTP/1.1 200'])('%s is no object', (text) => {
  expect(() => createJsonEnd().take(Buffer.from(text))).toThrow('not JSON');
});

test('what a real sandbox answered', () => {
  const replies = readFileSync(`${FIXTURES}/pod-exchanges.txt`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('< '))
    .map((line) => JSON.parse(line.slice(2, line.lastIndexOf('  ('))));
  const [event] = replies;
  const { usageNanos, event: told } = parseEventReply(event.result);
  expect(usageNanos.get(IDLE)).toBe(10_000_000);
  expect(told).toMatchObject({ memoryBytes: 73_281_536, tasks: 3, interfaces: undefined });
  const processes = replies.find(({ result }) => Array.isArray(result));
  expect(parseProcesses(processes.result)).toEqual({ processes: 1, threads: 1 });
  expect(() => parseEventReply({ event: {} })).toThrow('is not a result of containerManager.Event');
});

test('a state file as runsc wrote it', () => {
  const name = parseStateName(`${IDLE}_sandbox:${SANDBOX}.state`);
  expect(name).toEqual({ containerId: IDLE, sandboxId: SANDBOX });
  const state = readState(`${FIXTURES}/d.state.json`, { containerId: IDLE, sandboxId: SANDBOX });
  expect(state).toMatchObject({ containerId: IDLE, sandboxId: SANDBOX });
  expect(state?.sandboxPid).toBeGreaterThan(0);
  expect(new Date(state?.createdMillis ?? 0).getUTCFullYear()).toBe(2026);
});

test.each([
  `${IDLE}_sandbox:${SANDBOX}.lock`,
  '-rf_sandbox:x.state',
  '.._sandbox:x.state',
  'a/b_sandbox:c.state',
  'a_sandbox:.state',
  `${'a'.repeat(300)}_sandbox:b.state`,
])('%s is no state file', (name) => {
  expect(parseStateName(name)).toBeUndefined();
});
