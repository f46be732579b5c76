import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { socketPathOf } from '../../../src/exporters/cri/endpoint.ts';
import { connectClient } from '../../support/cri/client.ts';
import { makeFolder, runCri, stopAll } from './running.ts';

const NOBODY = 65_534;
afterEach(async () => {
  // That of the test again, which need not be root.
  process.seteuid?.(process.getuid?.() ?? 0);
  await stopAll();
});

describe('the endpoint', () => {
  test.each(['unix:///run/a.sock', 'unix:///a b/ü.sock'])('%s is one', (endpoint) => {
    expect(socketPathOf(endpoint, 'key')).toBe(endpoint.slice('unix://'.length));
  });

  test.each([
    ['localhost:9000', /"localhost:9000" is no unix:\/\/\/path/],
    ['unix://relative.sock', /is no unix:\/\/\/path/],
    ['unix:///run/', /is no unix:\/\/\/path/],
    ['', /is no unix:\/\/\/path/],
    [`unix:///${'x'.repeat(107)}`, /has more than 107 bytes/],
  ])('%s is refused with the key', (endpoint, message) => {
    expect(() => socketPathOf(endpoint, 'exporters::cri::endpoint')).toThrow(message);
    expect(() => socketPathOf(endpoint, 'exporters::cri::endpoint')).toThrow(/^exporters::cri/);
  });
});

describe('the socket', () => {
  test('is its owner’s alone, and gone after the shutdown', async () => {
    const mask = process.umask(0);
    try {
      const { path, exporter } = await runCri();
      expect(statSync(path).isSocket()).toBe(true);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(process.umask(0)).toBe(0);
      await exporter.shutdown();
      expect(existsSync(path)).toBe(false);
      await exporter.shutdown();
    } finally {
      process.umask(mask);
    }
  });

  test.runIf(process.getuid?.() === 0)('another user may not ask', async () => {
    const { path, folder } = await runCri();
    chmodSync(folder, 0o755);
    process.seteuid?.(NOBODY);
    const code = await new Promise((resolve) => {
      connect(path)
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
        .on('connect', () => resolve('connected'));
    });
    expect(code).toBe('EACCES');
  });

  test('a stale one of a process that was killed is replaced', async () => {
    const folder = makeFolder();
    const path = join(folder, 'cri.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'pipe' })).toThrow();
    expect(statSync(path).isSocket()).toBe(true);
    const { client } = await runCri('', folder);
    expect((await client.call('Version')).runtime_name).toBe('sandgauge');
  });

  test('a restart at the same path serves again', async () => {
    const folder = makeFolder();
    const first = await runCri('', folder);
    await first.client.call('Version');
    await first.exporter.shutdown();
    const second = await runCri('', folder);
    expect((await second.client.call('Version')).runtime_version).toBe('1.2.3');
  });

  test('one that another program answers on is left alone', async () => {
    const folder = makeFolder();
    const path = join(folder, 'cri.sock');
    const other = createServer((socket) => socket.on('error', () => {}).end('hello'));
    await new Promise<void>((resolve) => other.listen(path, resolve));
    await expect(runCri('', folder)).rejects.toThrow(
      /^exporters::cri::endpoint: cannot listen on .*cri.sock: another program answers on it/,
    );
    expect(statSync(path).isSocket()).toBe(true);
    await new Promise((resolve) => other.close(resolve));
  });

  test('two at once: one has it, the other says so', async () => {
    const folder = makeFolder();
    const settled = await Promise.allSettled([runCri('', folder), runCri('', folder)]);
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const client = connectClient(join(folder, 'cri.sock'));
    expect((await client.call('Version')).runtime_name).toBe('sandgauge');
    client.close();
  });

  test.each<[string, (path: string) => void]>([
    ['a file', (path) => writeFileSync(path, 'precious')],
    ['a folder', (path) => mkdirSync(path)],
    ['a link', (path) => symlinkSync('/nowhere', path)],
  ])('%s in its place stays, and the start fails', async (_, make) => {
    const folder = makeFolder();
    make(join(folder, 'cri.sock'));
    await expect(runCri('', folder)).rejects.toThrow(/is there and is no socket/);
    expect(() => statSync(folder)).not.toThrow();
  });

  test('a directory that is not there, or may not be written, is named', async () => {
    const folder = makeFolder();
    await expect(runCri('', join(folder, 'none'))).rejects.toThrow(
      /the directory .*none does not exist; make it/,
    );
    if (process.getuid?.() !== 0) return;
    chmodSync(folder, 0o555);
    process.seteuid?.(NOBODY);
    await expect(runCri('', folder)).rejects.toThrow(/no right to make a socket in /);
  });

  test('connections above the bound are closed, those there stay', async () => {
    const { path, client } = await runCri('max_connections: 2');
    await client.call('Version');
    const extra = Array.from({ length: 5 }, () => connect(path));
    const closed = extra.map(
      (socket) =>
        new Promise<boolean>((resolve) =>
          socket.on('error', () => {}).on('close', () => resolve(true)),
        ),
    );
    await expect(Promise.any(closed)).resolves.toBe(true);
    expect((await client.call('Version')).runtime_name).toBe('sandgauge');
    for (const socket of extra) socket.destroy();
    await sleep(50);
    const late = connectClient(path);
    expect((await late.call('Version')).runtime_name).toBe('sandgauge');
    late.close();
  });

  test('a peer that speaks no HTTP/2, or goes away in the middle, harms nobody', async () => {
    const { path, client, log } = await runCri();
    for (const text of [
      'GET / HTTP/1.1\r\n\r\n',
      '\0'.repeat(1000),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ]) {
      const socket = connect(path);
      socket.on('error', () => {});
      socket.write(text);
      await sleep(30);
      socket.destroy();
    }
    expect((await client.call('Version')).runtime_name).toBe('sandgauge');
    expect(log).toEqual(['Serving the CRI']);
  });

  test('a silent connection does not hold the shutdown up', async () => {
    const { path, exporter } = await runCri();
    const silent = connect(path);
    silent.on('error', () => {});
    await new Promise((resolve) => silent.once('connect', resolve));
    const startedAt = performance.now();
    await exporter.shutdown();
    expect(performance.now() - startedAt).toBeLessThan(3_500);
    silent.destroy();
  });
});
