import type { Counter } from '../../component/telemetry.ts';
import { createBackoff } from '../../helper/backoff.ts';
import type { LogOnce } from '../../helper/log-once.ts';
import type { SandboxSample, Transport } from './sample.ts';
import type { ContainerState } from './state.ts';

/** One sandbox as a source of its own: what happens to it costs no other. */
export interface Sandbox {
  /** Undefined when it could not be read; never rejects. */
  read(containers: readonly ContainerState[], deadline: number): Promise<SandboxSample | undefined>;
  close(): void;
}

/** What a sandbox is made with. */
export interface SandboxOptions {
  readonly id: string;
  readonly receiver: string;
  readonly transport: Transport;
  /** Looks whether the process that the state names still runs this sandbox. */
  isAlive(state: ContainerState): boolean;
  readonly said: LogOnce;
  readonly failures: Counter;
}

/** A sandbox that ends leaves its state files for a moment: that is not worth a line. */
const GRACE_MILLIS = 5000;

/** Makes the source; it is asked by one at a time. */
export function createSandbox(options: SandboxOptions): Sandbox {
  const { id, receiver, transport, said, failures } = options;
  const backoff = createBackoff();
  const key = `sandbox ${id}`;
  let deadSince: number | undefined;
  return { read, close };

  async function read(
    containers: readonly ContainerState[],
    deadline: number,
  ): Promise<SandboxSample | undefined> {
    const [state] = containers;
    const now = performance.now();
    if (state === undefined) return undefined;
    if (!options.isAlive(state)) return dead(now);
    deadSince = undefined;
    if (!backoff.mayTry(now)) return undefined;
    try {
      const sample = await transport.read(containers, deadline);
      backoff.succeeded();
      said.recovered(key, 'Sandbox can be read again', { receiver, sandbox: id });
      return sample;
    } catch (error) {
      // It may have ended meanwhile.
      if (!options.isAlive(state)) return dead(performance.now());
      failed('Sandbox cannot be read; its rows are absent', (error as Error).message);
      backoff.failed(performance.now());
      return undefined;
    }
  }

  function dead(now: number): undefined {
    deadSince ??= now;
    if (now - deadSince < GRACE_MILLIS) return;
    failed('Sandbox does not run, but its state files are still there', 'no such process');
  }

  function failed(message: string, error: string): void {
    failures.add(1);
    said.trouble(key, message, { receiver, sandbox: id, error });
  }

  function close(): void {
    transport.close();
    said.forget(key);
  }
}
