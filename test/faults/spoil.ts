import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { makeFifo } from '../support/bundles.ts';

/** What may be wrong with a file. */
export const FAULTS = ['absent', 'denied', 'hanging', 'lying', 'huge'] as const;
/** One of them. */
export type Fault = (typeof FAULTS)[number];

const HUGE_BYTES = 100 * 2 ** 20;
const FREE_SECONDS = 4;
const DIGITS = '9'.repeat(400);

/** What stands in the place of numbers, one after another. */
export const LIES: readonly ((text: string) => string)[] = [
  (text) => text.replaceAll(/\d+/g, '-7'),
  (text) => text.replaceAll(/\d+/g, '18446744073709551615'),
  (text) => text.replaceAll(/\d+/g, 'NaN'),
  (text) => text.replaceAll(/\d+/g, '1e999'),
  (text) => text.replaceAll(/\d+/g, DIGITS),
  (text) => text.replaceAll(/\d+/g, '-'.repeat(70_000)),
  () => '\u0000\ufffe{"":[]}\n:::: ',
  () => '-'.repeat(200_000),
  () => '[]',
  () => '',
];

/** A file in trouble. */
export interface Spoilt {
  /** Makes the file as it was. */
  heal(): void;
}

/** Replaces the file. A reader that a FIFO holds up is let go after some seconds, to fail in time. */
export function spoil(path: string, fault: Fault, lie = LIES[0]): Spoilt {
  const content = readFileSync(path);
  const { mode } = statSync(path);
  let helper: ChildProcess | undefined;
  switch (fault) {
    case 'absent':
      rmSync(path);
      break;
    case 'denied':
      chmodSync(path, 0o600);
      break;
    case 'hanging':
      rmSync(path);
      makeFifo(path);
      helper = spawn('sh', ['-c', `sleep ${FREE_SECONDS}; exec 3<>"$0"; sleep 1`, path]);
      break;
    case 'lying':
      writeFileSync(path, lie?.(content.toString('latin1')) ?? '', 'latin1');
      break;
    case 'huge':
      truncateSync(path, HUGE_BYTES);
  }
  return {
    heal() {
      helper?.kill();
      rmSync(path, { force: true });
      writeFileSync(path, content);
      chmodSync(path, mode);
    },
  };
}
