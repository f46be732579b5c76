import type { Batch } from '../pdata/batch.ts';
import type { Resource } from '../pdata/series.ts';

/** Anything with a life: started once, shut down once; a second shutdown does nothing. */
export interface Component {
  start(host: Host): Promise<void>;
  shutdown(): Promise<void>;
  /** How it goes, told at once and from memory; a component without it is `ok`. */
  health?(): ComponentHealth;
}

/** How a component does, in the Collector's words. */
export interface ComponentHealth {
  /** A `permanent_error` is one that only a restart of the agent can mend. */
  readonly status: 'ok' | 'recoverable_error' | 'permanent_error';
  /** What there is to say of it, in one line; no secrets. */
  readonly detail?: string;
}

/** How the agent does. */
export interface AgentHealth {
  readonly phase: 'starting' | 'running' | 'stopping';
  /** When it began to run, in ms since the epoch; undefined unless it runs. */
  readonly upSince: number | undefined;
  /** In the order in which they start. */
  readonly components: readonly ComponentState[];
}

/** A component with its id, and how it does. */
export type ComponentState = ComponentHealth & { readonly id: string };

/** What a configuration is made of. */
export interface Layout {
  readonly extensions: readonly ComponentState[];
  /** Each with its components in the order in which points pass them. */
  readonly pipelines: readonly {
    readonly name: string;
    readonly receivers: readonly ComponentState[];
    readonly processors: readonly ComponentState[];
    readonly exporters: readonly ComponentState[];
  }[];
}

/** Takes batches. Resolves when the batch was taken over, rejects when it was refused. */
export interface Consumer {
  consume(batch: Batch): Promise<void>;
}

/** Reads a source, on a timer or on demand, and hands batches on. */
export interface Receiver extends Component {
  /** True when it reads only if asked (`collection_interval: 0s`). */
  readonly onDemand: boolean;
  /** Reads now and hands the batch on. Rejects when the source failed or missed the deadline. */
  collectNow(deadline: number): Promise<void>;
}

/** Changes batches on their way. */
export interface Processor extends Component, Consumer {
  /** True when it hands on nothing but what an exporter asks for, by `flush`. */
  readonly waitsForReader?: boolean;
  /** Hands on what it holds back. Never rejects: who refuses it has counted it. */
  flush(): Promise<void>;
}

/** The end of a pipeline. */
export interface Exporter extends Component, Consumer {
  /** True when it asks for collections (`collect_on_scrape`). */
  readonly asks: boolean;
  /** True when it counts itself what it sent, since that comes after it took the batch. */
  readonly countsSent?: boolean;
}

/** A service beside the pipelines, such as the workload observer. */
export type Extension = Component;

/** What the service offers to the components it runs. */
export interface Host {
  /** What every series of this node is about. */
  readonly resource: Resource;
  /** The version of the agent; '' where nobody told. */
  readonly version?: string;
  /**
   * The extension with this id, or the only one of that type unless `exact`; undefined when there
   * is none.
   */
  extension(typeOrId: string, match?: 'exact'): Extension | undefined;
  /**
   * Makes the on-demand receivers upstream of an exporter read now, then flushes the processors
   * between. Concurrent callers share a collection. `deadline` is in ms of performance.now().
   * Never rejects: a source that fails or is late is counted, said once, and left out.
   */
  collect(exporter: Exporter, deadline: number): Promise<void>;
  /** How all components do at this moment. */
  health(): AgentHealth;
  /** What runs in this agent, each component with its state at this moment. */
  layout?(): Layout;
}
