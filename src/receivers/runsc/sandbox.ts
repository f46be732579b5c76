import type { Counter } from '../../component/telemetry.ts';
import type { LogOnce } from '../../helper/log-once.ts';
import { createSource, type StateCounts } from '../../helper/source-state.ts';
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
  readonly counts: StateCounts;
}

/** A sandbox that ends leaves its state files for a moment: that is not worth a line. */
const GRACE_MILLIS = 5000;

/** Makes the source; it is asked by one at a time. */
export function createSandbox(options: SandboxOptions): Sandbox {
  const { id, receiver, transport, said, failures, counts } = options;
  const source = createSource({
    ...{ said, failures, counts, key: `sandbox ${id}`, fields: { receiver, sandbox: id } },
    messages: {
      failed: 'Sandbox cannot be read; its rows are absent',
      recovered: 'Sandbox can be read again',
    },
  });
  let deadSince: number | undefined;
  return { read, close };

  async function read(
    containers: readonly ContainerState[],
    deadline: number,
  ): Promise<SandboxSample | undefined> {
    const [state] = containers;
    if (state === undefined) return undefined;
    if (!options.isAlive(state)) return dead();
    deadSince = undefined;
    if (!source.mayTry()) return undefined;
    try {
      const sample = await transport.read(containers, deadline);
      source.succeeded();
      return sample;
    } catch (error) {
      // It may have ended meanwhile.
      if (!options.isAlive(state)) return dead();
      source.failed(error as Error);
      return undefined;
    }
  }

  function dead(): undefined {
    const now = performance.now();
    deadSince ??= now;
    if (now - deadSince < GRACE_MILLIS) return;
    const message = 'Sandbox does not run, but its state files are still there';
    source.failed(new Error('no such process'), message);
  }

  function close(): void {
    transport.close();
    source.close();
  }
}
