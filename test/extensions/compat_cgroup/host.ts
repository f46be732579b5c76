import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { CONFIG } from '../../../src/extensions/compat_cgroup/config.ts';
import { createKeeper, type Keeper } from '../../../src/extensions/compat_cgroup/keeper.ts';
import { createRootedPaths } from '../../../src/platform/file/rooted.ts';
import { type FakeRoot, makeRoot } from '../../support/bundles.ts';
import type { StateOptions } from '../../support/runsc/states.ts';

const PASS_MILLIS = 50;
const PID = 77;
/** The id of the sandbox that runs on a test host. */
export const SANDBOX = '5'.repeat(64);
/** The pod of its containers. */
export const POD = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
/** A container of it, with limits. */
export const APP: StateOptions = {
  ...{ id: 'a'.repeat(64), sandboxId: SANDBOX, pid: PID, podUid: POD, driver: 'systemd' },
  resources: {
    memory: { limit: 536_870_912, swap: 1_073_741_824 },
    cpu: { quota: 50_000, period: 100_000, shares: 2048 },
    pids: { limit: 100 },
  },
};

/** A host on which a sandbox runs, and the extension that looks at it. */
export interface CompatHost extends FakeRoot {
  /** runsc's root. */
  readonly states: string;
  /** What was logged. */
  readonly log: readonly string[];
  /** Starts the extension over a hierarchy of cgroup v2 on `mount`. */
  startKeeper(mount: string, options?: string, interval?: string): Keeper;
  /** Ends the process of the sandbox. */
  kill(): void;
  /** Stops the extension and takes the host away. */
  close(): void;
}

/** Makes the host; no container has a state file yet. */
export function makeHost(): CompatHost {
  const root = makeRoot();
  const states = join(root.path, 'run/runsc');
  mkdirSync(states, { recursive: true });
  root.write(`proc/${PID}/cmdline`, `runsc-sandbox\0boot\0${SANDBOX}\0`);
  const log: string[] = [];
  const say = (message: string, fields: Record<string, unknown> = {}) =>
    log.push(`${message} ${JSON.stringify(fields)}`);
  let keeper: Keeper | undefined;
  return {
    ...root,
    states,
    log,
    startKeeper(mount, options = '', interval = `${PASS_MILLIS}ms`) {
      const yaml = `{interval: ${interval}, ${options}}`;
      keeper = createKeeper({
        paths: createRootedPaths(root.path),
        hierarchies: { controller: () => ({ version: 2, directory: mount }) },
        config: decode(CONFIG, confOf(parseYaml(yaml, 'test'))),
        logger: { debug() {}, info: say, warn: say, error: say },
      });
      keeper.start();
      return keeper;
    },
    kill: () => root.remove(`proc/${PID}`),
    close() {
      keeper?.stop();
      root.remove();
    },
  };
}

/** Waits until the extension has looked so many times. */
export const passes = (count: number) => sleep(count * PASS_MILLIS + 100);
