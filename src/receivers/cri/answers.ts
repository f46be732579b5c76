import { forEachOf } from '../../helper/cri/side-by-side.ts';
import { type CriClient, CriError } from '../../platform/cri/client.ts';
import type { Read } from '../../platform/cri/message.ts';
import type { ContainerStats, PodSandboxStats } from '../../platform/cri/stats.ts';
import { type Values, valuesOf } from './metrics.ts';

/** Stats by the id of a container or a sandbox. */
type ById<Stats> = ReadonlyMap<string, Stats>;

/** What a runtime is asked in a pass; deadlines are in ms of performance.now(). */
export interface Answers {
  /** Containers by id; one that is gone is left out. Rejects with CriError when nothing came. */
  containers(
    wanted: readonly string[],
    all: number,
    deadline: number,
  ): Promise<ById<Read<typeof ContainerStats>>>;
  /** Pods by the id of their sandbox. */
  pods(
    wanted: readonly string[],
    all: number,
    deadline: number,
  ): Promise<ById<Read<typeof PodSandboxStats>>>;
  /** What stands in ListPodSandboxMetrics; empty where the runtime has none. */
  metrics(deadline: number): Promise<Values>;
  /** What went wrong since the last call, without what went away. */
  failures(): Error[];
}

/** One in this many may be asked for by themselves, since a list costs the runtime all of them. */
const PART = 4;
/** Only a runtime of another version has a method that this one has not. */
const RETRY_MILLIS = 10 * 60_000;

/** Makes the questions; `now` is the wall clock in ms. */
export function createAnswers(client: CriClient, now: () => number): Answers {
  let troubles: Error[] = [];
  let nextMetrics = Number.NEGATIVE_INFINITY;
  return { containers, pods, metrics, failures };

  function containers(wanted: readonly string[], all: number, deadline: number) {
    return ask<Read<typeof ContainerStats>>(wanted, all, {
      list: async () => (await client.call('ListContainerStats', {}, deadline)).stats,
      one: async (container_id) =>
        (await client.call('ContainerStats', { container_id }, deadline)).stats,
    });
  }

  function pods(wanted: readonly string[], all: number, deadline: number) {
    return ask<Read<typeof PodSandboxStats>>(wanted, all, {
      list: async () => (await client.call('ListPodSandboxStats', {}, deadline)).stats,
      one: async (pod_sandbox_id) =>
        (await client.call('PodSandboxStats', { pod_sandbox_id }, deadline)).stats,
    });
  }

  /** One container that cannot be read makes some runtimes fail the whole list. */
  async function ask<Stats extends { readonly attributes?: { readonly id: string } | undefined }>(
    wanted: readonly string[],
    all: number,
    {
      list,
      one,
    }: { list(): Promise<readonly Stats[]>; one(id: string): Promise<Stats | undefined> },
  ): Promise<ById<Stats>> {
    const found = new Map<string, Stats>();
    if (wanted.length === 0) return found;
    if (wanted.length * PART > all) {
      try {
        for (const stats of await list()) found.set(stats.attributes?.id ?? '', stats);
        return found;
      } catch (error) {
        if (isWhole(error) || isUnimplemented(error)) return given(error, found);
        troubles.push(error as Error);
      }
    }
    await forEachOf(wanted, async (id) => {
      try {
        const stats = await one(id);
        if (stats !== undefined) found.set(id, stats);
      } catch (error) {
        if (isWhole(error)) throw error;
        if (!(error instanceof CriError && error.failure === 'not_found')) {
          troubles.push(error as Error);
        }
      }
    });
    return found;
  }

  function given<T>(error: unknown, nothing: T): T {
    if (isWhole(error)) throw error;
    troubles.push(error as Error);
    return nothing;
  }

  async function metrics(deadline: number): Promise<Values> {
    const none: Values = new Map();
    if (performance.now() < nextMetrics) return none;
    try {
      const { descriptors } = await client.call('ListMetricDescriptors', {}, deadline);
      const { pod_metrics } = await client.call('ListPodSandboxMetrics', {}, deadline);
      return valuesOf(pod_metrics, descriptors, now());
    } catch (error) {
      if (!isUnimplemented(error)) return given(error, none);
      nextMetrics = performance.now() + RETRY_MILLIS;
      return none;
    }
  }

  function failures(): Error[] {
    const all = troubles;
    troubles = [];
    return all;
  }
}

function isWhole(error: unknown): boolean {
  return !(error instanceof CriError) || error.isWhole;
}

function isUnimplemented(error: unknown): boolean {
  return error instanceof CriError && error.failure === 'unimplemented';
}
