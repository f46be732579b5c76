import { cpus } from 'node:os';
import pLimit from 'p-limit';
import type { RootedPaths } from '../../platform/file/rooted.ts';
import { addressOf } from '../../platform/runsc/address.ts';
import { connectControl } from '../../platform/runsc/control.ts';
import { readEvent } from '../../platform/runsc/events-command.ts';
import { chooseTransport } from './choose-transport.ts';
import type { Config } from './config.ts';
import { createControlTransport } from './control-transport.ts';
import { createEventsTransport } from './events-transport.ts';
import type { HostCpu } from './host-cpu.ts';
import type { Transport } from './sample.ts';
import type { ContainerState } from './state.ts';

/** Makes the transport of a sandbox, by any of its containers and the root that holds its state. */
export type MakeTransport = (state: ContainerState, root: string) => Transport;

/** What transports need of their receiver. */
export interface TransportContext {
  readonly paths: RootedPaths;
  /** Makes one for each sandbox. */
  openHostCpu(): HostCpu;
  /** Online CPUs of the host: an agent may be bound to some of them. */
  cores(): number | undefined;
  readonly wantsProcesses: boolean;
  /** Told of a sandbox whose CPU counters begin anew in spite of what was kept. */
  misfit(sandboxId: string): void;
}

/** Reads the options; what runs at a time is counted over all sandboxes. */
export function createTransports(
  config: Config,
  { paths, openHostCpu, cores, wantsProcesses, misfit }: TransportContext,
): MakeTransport {
  const limit = pLimit(config.max_concurrency);
  return (state, root) => {
    const hostCpu = openHostCpu();
    const control = createControlTransport({
      connect: () => connectControl(addressOf(state, root, paths)),
      wantsProcesses,
      timeoutMillis: config.sandbox_timeout,
      hostCpu,
      misfit: () => misfit(state.sandboxId),
    });
    const command = { program: config.runsc_path, root };
    const run = (id: string, deadline: number) =>
      limit(() =>
        readEvent(command, id, Math.min(deadline, performance.now() + config.sandbox_timeout)),
      );
    const events = createEventsTransport(run, hostCpu, () => cores() ?? cpus().length);
    if (config.transport === 'control_socket') return control;
    return config.transport === 'events' ? events : chooseTransport(control, events);
  };
}
