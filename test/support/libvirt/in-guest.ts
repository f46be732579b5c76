import { setTimeout as sleep } from 'node:timers/promises';
import type { TestLibvirtd } from './libvirtd.ts';

const POLL_MILLIS = 50;
const LONGEST_MILLIS = 60_000;

/** Runs a shell script inside a guest, by its agent, and gives what it printed. */
export async function inGuest(
  libvirtd: TestLibvirtd,
  domain: string,
  script: string,
): Promise<string> {
  const args = { path: '/bin/sh', arg: ['-c', script], 'capture-output': true };
  const { pid } = ask(libvirtd, domain, 'guest-exec', args) as { pid: number };
  const end = performance.now() + LONGEST_MILLIS;
  while (performance.now() < end) {
    const status = ask(libvirtd, domain, 'guest-exec-status', { pid }) as Status;
    if (status.exited) return Buffer.from(status['out-data'] ?? '', 'base64').toString();
    await sleep(POLL_MILLIS);
  }
  throw new Error(`${script} did not end in the guest`);
}

/** Waits until the agent inside a guest answers. */
export async function untilAgent(libvirtd: TestLibvirtd, domain: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      ask(libvirtd, domain, 'guest-ping', {});
      return;
    } catch (error) {
      if (tries > 200) throw error;
      await sleep(300);
    }
  }
}

interface Status {
  readonly exited: boolean;
  readonly 'out-data'?: string;
}

function ask(libvirtd: TestLibvirtd, domain: string, execute: string, args: object): unknown {
  const command = JSON.stringify({ execute, arguments: args });
  const reply = libvirtd.virsh('qemu-agent-command', '--timeout', '10', domain, command);
  return (JSON.parse(reply) as { return: unknown }).return;
}
