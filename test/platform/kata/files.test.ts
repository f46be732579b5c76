import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseSandboxes } from '../../../src/platform/kata/monitor.ts';
import { listSandboxes } from '../../../src/platform/kata/sandboxes.ts';
import { readHypervisor } from '../../../src/platform/kata/state.ts';

let folder: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-kata-files-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

async function listen(path: string): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true });
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
}

test('sandboxes are directories with a socket, and nothing that a link leads to', async () => {
  expect(listSandboxes(join(folder, 'sbs'))).toBeUndefined();
  await listen(join(folder, 'sbs/good-1/shim-monitor.sock'));
  await listen(join(folder, 'other/shim-monitor.sock'));
  await listen(join(folder, 'sbs/bad id/shim-monitor.sock'));
  mkdirSync(join(folder, 'sbs/empty'));
  mkdirSync(join(folder, 'sbs/file'));
  mkdirSync(join(folder, 'sbs/linked'));
  writeFileSync(join(folder, 'sbs/file/shim-monitor.sock'), '');
  symlinkSync(join(folder, 'other'), join(folder, 'sbs/link'));
  const inner = join(folder, 'other/shim-monitor.sock');
  symlinkSync(inner, join(folder, 'sbs/linked/shim-monitor.sock'));
  const found = listSandboxes(join(folder, 'sbs'));
  expect(found?.map(({ id }) => id)).toEqual(['good-1']);
  expect(Math.abs((found?.[0]?.startMillis ?? 0) - Date.now())).toBeLessThan(10_000);
});

test('the hypervisor, as both runtimes write it', () => {
  const go = { PersistVersion: 2, HypervisorState: { Type: 'qemu', Pid: 7, VirtiofsdPid: 0 } };
  const rs = { hypervisor: { hypervisor_type: 'dragonball', pid: null, virtiofs_daemon_pid: -1 } };
  writeFileSync(join(folder, 'persist.json'), JSON.stringify(go));
  writeFileSync(join(folder, 'state.json'), JSON.stringify(rs));
  expect(readHypervisor(folder, 'go')).toEqual({ type: 'qemu', pid: 7, virtiofsdPid: undefined });
  const inside = { type: 'dragonball', pid: undefined, virtiofsdPid: undefined };
  expect(readHypervisor(folder, 'rs')).toEqual(inside);
  expect(readHypervisor(join(folder, 'none'), 'rs')).toBeUndefined();
});

test.each(['{', '[]', '{"hypervisor":null}', '{"hypervisor":{"hypervisor_type":7}}'])(
  'a state that cannot be used is an error: %s',
  (text) => {
    writeFileSync(join(folder, 'state.json'), text);
    expect(() => readHypervisor(folder, 'rs')).toThrow();
  },
);

test('ids of kata-monitor: what is none is left out', () => {
  expect(parseSandboxes('abc\n\n ../x \r\n<html>\ndef-1\n')).toEqual(['abc', 'def-1']);
});
