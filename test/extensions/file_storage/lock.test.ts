import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findPeer, isMissing } from '../../support/peers.ts';
import { makeFolder } from './opened.ts';

import { isRoot, startStorage } from './running.ts';

test('a second agent does not start, and does once the first has ended', async () => {
  const folder = makeFolder();
  const first = await startStorage(`{directory: ${folder}}`);
  const yaml = `{directory: ${folder}, timeout: 100ms}`;
  await expect(startStorage(yaml)).rejects.toThrow(
    `extensions::file_storage::directory: another agent uses ${folder}: stop it, or give each agent a directory of its own`,
  );
  const waiting = startStorage(`{directory: ${folder}, timeout: 10s}`);
  setTimeout(() => first.storage.shutdown(), 200);
  await waiting;
});

const HOLDER = `
  import { makeStorage } from '${join(import.meta.dirname, 'made.ts')}';
  await makeStorage(process.argv[1]).storage.start({});
  console.log('started');
  setInterval(() => {}, 1000);
`;
const isSkipped = isMissing('a storage that another container holds', {
  root: isRoot,
  unshare: findPeer('unshare'),
});

test.skipIf(isSkipped)(
  'another process holds it, also in other namespaces, until it is killed',
  async () => {
    const folder = makeFolder();
    const yaml = `{directory: ${folder}, timeout: 0s}`;
    const node = [process.execPath, '--input-type=module', '-e', HOLDER, yaml];
    // As in a container: the process is 1, and has no network in common with anyone.
    const child = spawn('unshare', ['-m', '-n', '-p', '-f', '--kill-child', ...node], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    await expect(startStorage(yaml)).rejects.toThrow('another agent uses');
    child.kill('SIGKILL');
    await once(child, 'close');
    await startStorage(`{directory: ${folder}, timeout: 5s}`);
  },
);

test('a lock file that holds rubbish is no obstacle, nor is one that was left behind', async () => {
  const folder = makeFolder();
  writeFileSync(join(folder, 'lock'), Buffer.alloc(5000, 'x'));
  const { storage } = await startStorage(`{directory: ${folder}}`);
  await expect(startStorage(`{directory: ${folder}, timeout: 0s}`)).rejects.toThrow(
    'another agent',
  );
  await storage.shutdown();
  await startStorage(`{directory: ${folder}, timeout: 0s}`);
});
