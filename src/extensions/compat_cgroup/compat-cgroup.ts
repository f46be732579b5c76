import type { LogOnce } from '../../helper/log-once.ts';
import { makeCgroup, removeCgroup, withCgroup } from '../../platform/cgroupfs/directory-writer.ts';
import type { Hierarchies } from '../../platform/cgroupfs/hierarchies.ts';
import type { Config } from './config.ts';
import type { Container } from './containers.ts';
import { type Limit, limitsV1, limitsV2 } from './limits.ts';
import { createPlace, type Place } from './place.ts';

/** The cgroup of one container, by which cAdvisor finds it. */
export interface CompatCgroup {
  readonly container: Container;
  /** Makes it where nobody else does, and writes what is missing in it. */
  keep(): void;
  /** The container is gone. False where it is to be called again, for the directory is still there. */
  end(): boolean;
  /** The agent ends, or knows other limits: all stays. */
  leave(): void;
  /** Takes back what was made and written. */
  takeBack(): void;
}

/** What compat cgroups are made with. */
export interface CompatContext {
  readonly hierarchies: Hierarchies;
  readonly config: Pick<Config, 'cpu_weight' | 'memory_min' | 'dry_run'>;
  /** Hears of each step of a dry run. */
  plan(step: string): void;
  readonly said: LogOnce;
}

/** Makes the cgroup's keeper; it changes nothing by itself. */
export function createCompatCgroup(container: Container, context: CompatContext): CompatCgroup {
  const { config, said, hierarchies } = context;
  const { path } = container;
  const places = placesOf(container, context);
  /** runsc makes no directory under the names of systemd, which has cgroup v2 alone. */
  const own = container.isScope && isV2(hierarchies) ? places[0]?.mount : undefined;
  let isReleased = false;
  let wasThere = false;
  let isPlanned = false;
  return { container, keep, end, leave, takeBack };

  function keep(): void {
    if (isReleased || isPlanned) return;
    attempt('Compat cgroup cannot be kept', () => {
      const found = places.map((place) => place.look());
      if (own !== undefined && found.includes('absent')) make(own);
      else if (found.includes('populated')) letGo();
      // A scope that bears no mark is somebody's, who may be about to move a process in.
      else if (own === undefined || !found.includes('unmarked')) fill();
    });
  }

  function make(mount: string): void {
    leave();
    const pod = withCgroup(mount, path.slice(0, path.lastIndexOf('/')), (each) =>
      each.isPopulated(),
    );
    // It went by another's hand: while its pod is being stopped it must not come back.
    if (pod === undefined || (wasThere && !pod)) return;
    if (config.dry_run) context.plan(`mkdir ${mount}${path}`);
    if (config.dry_run || makeCgroup(mount, path)) fill();
  }

  function fill(): void {
    wasThere = true;
    if (config.dry_run) {
      plan();
      return;
    }
    for (const place of places) place.fill();
    const isNew = places.map((place) => place.watch(keep)).includes(true);
    if (isNew && isAnyPopulated()) letGo();
  }

  function plan(): void {
    isPlanned = true;
    for (const { mount, limits, pending } of places) {
      const directory = `${mount}${path}`;
      const wanted = pending() ?? (own === undefined ? [] : limits);
      if (own === undefined && wanted.length > 0) context.plan(`chmod +t ${directory}`);
      for (const { file, value } of wanted) context.plan(`write ${directory}/${file} ${value}`);
    }
  }

  /** A process came in: no limit of ours may hold it. */
  function letGo(): void {
    isReleased = true;
    if (config.dry_run) return;
    for (const place of places) place.lift();
  }

  function end(): boolean {
    leave();
    said.forget(path);
    if (own === undefined || isReleased) return true;
    if (config.dry_run && isPlanned) context.plan(`rmdir ${own}${path}`);
    return config.dry_run || takeOut(own);
  }

  function takeOut(mount: string): boolean {
    return attempt('Compat cgroup cannot be removed', () => {
      if (isAnyPopulated()) letGo();
      else removeCgroup(mount, path);
    });
  }

  function leave(): void {
    for (const place of places) place.close();
  }

  function takeBack(): void {
    leave();
    if (isReleased || config.dry_run) return;
    if (own !== undefined) takeOut(own);
    else attempt('Limits cannot be lifted', letGo);
  }

  function isAnyPopulated(): boolean {
    return places.some((place) => place.look() === 'populated');
  }

  /** False where it could not be done, which is said once for all containers. */
  function attempt(fault: string, action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      const { code = 'other', message } = error as NodeJS.ErrnoException;
      // It went between two looks, or its pod did.
      if (code === 'ENOENT' || code === 'ENODEV') return true;
      said.trouble(`${fault} ${code}`, fault, { path, error: message });
      return false;
    }
  }
}

/** On v1 each controller has a hierarchy of its own. */
function placesOf(container: Container, { hierarchies, config, said }: CompatContext): Place[] {
  const { path, resources } = container;
  const contradicted = (error: Error): void =>
    said.trouble(path, 'A limit of swap is left out', { id: container.id, error: error.message });
  const isUnified = isV2(hierarchies);
  const limits = isUnified ? limitsV2(resources, config, contradicted) : limitsV1(resources);
  const mounts = new Map<string, Limit[]>();
  for (const controller of ['cpu', 'memory', 'pids'] as const) {
    const mount = hierarchies.controller(controller);
    if (mount === undefined || (mount.version === 2) !== isUnified) continue;
    const mine = limits.filter((limit) => limit.controller === controller);
    mounts.set(mount.directory, [...(mounts.get(mount.directory) ?? []), ...mine]);
  }
  return [...mounts].map(([mount, each]) => createPlace(mount, path, each, said));
}

function isV2(hierarchies: Hierarchies): boolean {
  return hierarchies.controller('memory')?.version === 2;
}
