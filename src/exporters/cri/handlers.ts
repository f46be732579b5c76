import { CONTAINER_RUNNING, SANDBOX_READY } from '../../platform/cri/containers.ts';
import type { Read, Written } from '../../platform/cri/message.ts';
import type { METHODS, MethodName } from '../../platform/cri/methods.ts';
import type { Collections, Look } from './collections.ts';
import { containerStatsOf } from './container-stats.ts';
import { choose, type Filter } from './filters.ts';
import type { HostView } from './host-view.ts';
import type { Inventory, RunningContainer, RunningPod } from './inventory.ts';
import { containerOf, podOf } from './lists.ts';
import type { PodMetrics } from './pod-metrics.ts';
import { podStatsOf } from './pod-stats.ts';
import { CODES, RpcError } from './rpc-error.ts';

type Request<Name extends MethodName> = Read<(typeof METHODS)[Name]['request']>;
type Response<Name extends MethodName> = Written<(typeof METHODS)[Name]['response']>;

/**
 * Answers a request in parts, which follow each other in one message. `deadline` is in ms of
 * performance.now(). Rejects with RpcError.
 */
export type Handler<Name extends MethodName = MethodName> = (
  request: Request<Name>,
  deadline: number,
) => Promise<Iterable<Response<Name>>>;

/** A handler for each method. */
export type Handlers = { readonly [Name in MethodName]: Handler<Name> };

/** What the answers are made from. */
export interface HandlerSettings {
  readonly version: string;
  readonly collections: Collections;
  readonly metrics: PodMetrics;
  readonly host: HostView;
  inventory(look: Look): Inventory;
}

const STATS_ONLY = {
  reason: 'StatsOnly',
  message: 'sandgauge serves stats and runs no containers',
};

/** Makes the handlers. */
export function createHandlers(settings: HandlerSettings): Handlers {
  const { collections, metrics, host, version } = settings;
  return {
    async Version() {
      const name = { version: '0.1.0', runtime_name: 'sandgauge', runtime_api_version: 'v1' };
      return [{ ...name, runtime_version: version }];
    },
    /** A kubelet that is pointed here by mistake never becomes ready, and says why. */
    async Status() {
      const types = ['RuntimeReady', 'NetworkReady'];
      return [{ status: { conditions: types.map((type) => ({ type, ...STATS_ONLY })) } }];
    },
    async ListContainers({ filter }, deadline) {
      if (filter?.state !== undefined && filter.state.state !== CONTAINER_RUNNING) return [];
      const chosen = await containers(filter, deadline);
      return each(chosen, (container) => ({ containers: [containerOf(container)] }));
    },
    async ListPodSandbox({ filter }, deadline) {
      if (filter?.state !== undefined && filter.state.state !== SANDBOX_READY) return [];
      const chosen = await pods(filter, deadline);
      return each(chosen, (pod) => ({ items: [podOf(pod)] }));
    },
    async ContainerStats({ container_id: id }, deadline) {
      const found = only('container', id, await containers(byId('container', id), deadline));
      return [{ stats: containerStatsOf(found, host) }];
    },
    async ListContainerStats({ filter }, deadline) {
      const chosen = await containers(filter, deadline);
      return each(chosen, (container) => ({ stats: [containerStatsOf(container, host)] }));
    },
    async PodSandboxStats({ pod_sandbox_id: id }, deadline) {
      const found = only('pod sandbox', id, await pods(byId('pod sandbox', id), deadline));
      return [{ stats: podStatsOf(found, host) }];
    },
    async ListPodSandboxStats({ filter }, deadline) {
      const chosen = await pods(filter, deadline);
      return each(chosen, (pod) => ({ stats: [podStatsOf(pod, host)] }));
    },
    async ListMetricDescriptors() {
      return [{ descriptors: metrics.descriptors() }];
    },
    async ListPodSandboxMetrics(_, deadline) {
      return each(await pods(undefined, deadline), (pod) => ({ pod_metrics: [metrics.of(pod)] }));
    },
    async ImageFsInfo() {
      return [{}];
    },
  };

  function containers(
    filter: (Filter & { pod_sandbox_id?: string }) | undefined,
    deadline: number,
  ): Promise<RunningContainer[]> {
    const wanted = filter && { ...filter, sandboxId: filter.pod_sandbox_id ?? '' };
    return chosenOf(wanted, deadline, (look) => settings.inventory(look).containers);
  }

  function pods(filter: Filter | undefined, deadline: number): Promise<RunningPod[]> {
    return chosenOf(filter, deadline, (look) => settings.inventory(look).pods);
  }

  /** An id that fits nothing may be of something that has just begun. */
  async function chosenOf<T extends RunningContainer | RunningPod>(
    filter: Filter | undefined,
    deadline: number,
    all: (look: Look) => readonly T[],
  ): Promise<T[]> {
    const search = (look: Look) => choose(all(look), filter);
    if (!filter?.id && !filter?.sandboxId) return search(await collections.look(deadline));
    const nonEmpty = (look: Look) => {
      const found = search(look);
      return found.length === 0 ? undefined : found;
    };
    return (await collections.find(nonEmpty, deadline)) ?? [];
  }
}

function byId(what: string, id: string): Filter {
  if (id === '') throw new RpcError(CODES.invalidArgument, `the id of a ${what} is required`);
  return { id, label_selector: {} };
}

function only<T>(what: string, id: string, found: readonly T[]): T {
  const [first] = found;
  if (first === undefined) {
    throw new RpcError(CODES.notFound, `no running ${what} has the id "${id}"`);
  }
  if (found.length === 1) return first;
  throw new RpcError(
    CODES.invalidArgument,
    `"${id}" is the beginning of the ids of ${found.length}: give more of it`,
  );
}

function* each<T, R>(items: readonly T[], answer: (item: T) => R): Iterable<R> {
  for (const item of items) yield answer(item);
}
