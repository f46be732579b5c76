import type {
  AgentHealth,
  Component,
  ComponentHealth,
  ComponentState,
} from '../component/component.ts';

interface Watched {
  readonly id: string;
  readonly component: Component;
}

/** Knows how the components of a graph do. */
export interface HealthMonitor {
  /** Gives the order with one more that starts last and stops first: with it the agent is ready. */
  watch(order: readonly Watched[]): Watched[];
  /** Told after each batch that an exporter got; `error` when it was refused. */
  exported(id: string, error?: unknown): void;
  read(): AgentHealth;
  /** How one component does. */
  stateOf(id: string, component: Component): ComponentState;
}

/** Makes the monitor; `now` is in ms since the epoch. */
export function createHealthMonitor(now: () => number): HealthMonitor {
  const refusals = new Map<string, string>();
  let watched: readonly Watched[] = [];
  let phase: AgentHealth['phase'] = 'starting';
  let upSince: number | undefined;
  return { watch, exported, read, stateOf };

  function watch(order: readonly Watched[]): Watched[] {
    watched = order;
    const readiness: Component = {
      async start() {
        phase = 'running';
        upSince = now();
      },
      async shutdown() {
        phase = 'stopping';
        upSince = undefined;
      },
    };
    return [...order, { id: 'readiness', component: readiness }];
  }

  function exported(id: string, error?: unknown): void {
    if (error === undefined) refusals.delete(id);
    else refusals.set(id, error instanceof Error ? error.message : String(error));
  }

  function read(): AgentHealth {
    const components = watched.map(({ id, component }) => stateOf(id, component));
    return { phase, upSince, components };
  }

  function stateOf(id: string, component: Component): ComponentState {
    const told = component.health?.() ?? { status: 'ok' };
    const isExporter = 'asks' in component;
    return { id, ...((told.status === 'ok' && isExporter && refusalOf(id)) || told) };
  }

  function refusalOf(id: string): ComponentHealth | undefined {
    const detail = refusals.get(id);
    return detail === undefined ? undefined : { status: 'recoverable_error', detail };
  }
}
