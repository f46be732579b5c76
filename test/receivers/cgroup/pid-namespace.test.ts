import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { BUNDLE, NODE } from '../../support/agent.ts';
import { findPeer, isMissing } from '../../support/peers.ts';

const isSkipped = isMissing('a PID namespace of its own', {
  root: process.getuid?.() === 0,
  unshare: findPeer('unshare'),
});

const NO_PORT = 'exporters.prometheus.endpoint=127.0.0.1:0';

test.skipIf(isSkipped)('below the PID namespace of /proc it does not start, and says why', () => {
  const inOwn = ['--pid', '--fork', NODE, BUNDLE, '--set', NO_PORT];
  const { status, stderr } = spawnSync('unshare', inOwn, { encoding: 'utf8', timeout: 20_000 });
  expect(status).toBe(1);
  expect(stderr).toMatch(/receivers::cgroup::root_path: .*another PID namespace.*hostPID: true/);
});
