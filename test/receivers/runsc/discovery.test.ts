import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createLogOnce } from '../../../src/helper/log-once.ts';
import { createRootedPaths } from '../../../src/platform/file/rooted.ts';
import { createDiscovery } from '../../../src/receivers/runsc/discovery.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandgauge-discovery-'));
afterEach(() => rmSync(folder, { recursive: true }));

test('a look that could not read a state has not seen all: nobody may take the rest for runc', () => {
  const said = createLogOnce({ debug() {}, info() {}, warn() {}, error() {} });
  const watcher = { add: () => true, remove() {}, close() {} };
  const listener = { added() {}, removed() {}, failed() {} };
  const paths = createRootedPaths('/');
  const discovery = createDiscovery(paths, [folder], watcher, listener, said);
  const path = join(folder, 'c_sandbox:s.state');
  const state = { id: 'c', createdAt: '2026-11-21T00:00:00Z', spec: {} };
  const looks = ['{', JSON.stringify(state), '[]'].map((text) => {
    writeFileSync(path, text);
    discovery.look();
    return discovery.isComplete();
  });
  // Rubbish, one that tells of no sandbox yet, rubbish.
  expect(looks).toEqual([false, false, false]);
  writeFileSync(path, JSON.stringify({ ...state, sandbox: { id: 's', pid: 7 } }));
  discovery.look();
  expect(discovery.isComplete()).toBe(true);
  rmSync(path);
  discovery.look();
  expect(discovery.isComplete()).toBe(true);
});
