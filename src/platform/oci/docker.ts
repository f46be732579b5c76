import { existsSync } from 'node:fs';
import * as z from 'zod/mini';
import type { RootedPaths } from '../file/rooted.ts';
import { type Bundle, BundleError, type BundleSource, readOwnJson } from './bundle.ts';
import { labelOf, textsOf } from './spec.ts';

const CONFIG = z.object({
  ID: z.string(),
  Name: z.string(),
  Config: z.nullish(
    z.object({
      Image: z.nullish(z.string()),
      Labels: z.nullish(z.record(z.string(), z.string())),
    }),
  ),
});

/**
 * Docker: names, image and labels are in `<data>/containers/<id>/config.v2.json`, which root alone
 * may read; limits and runtime are in the bundle of Docker's containerd.
 */
export function createDockerSource(
  paths: RootedPaths,
  dataDirectories: readonly string[],
  containerd: BundleSource,
): BundleSource {
  return { exists: () => directories().length > 0, find };

  function directories(): string[] {
    return dataDirectories
      .map((data) => paths.resolve(`${data}/containers`))
      .filter((directory) => existsSync(directory));
  }

  function find(id: string): Bundle | undefined {
    for (const directory of directories()) {
      const path = `${directory}/${id}/config.v2.json`;
      const json = readOwnJson(`${directory}/${id}`, 'config.v2.json');
      if (json === undefined) continue;
      const parsed = CONFIG.safeParse(json);
      if (!parsed.success || parsed.data.ID !== id) {
        throw new BundleError(path, new Error('it is not the configuration of this container'));
      }
      const bundle = containerd.find(id);
      if (bundle === undefined) return undefined;
      const { Name: name, Config: config } = parsed.data;
      return {
        ...bundle,
        name: labelOf(name.replace(/^\//, '')),
        image: labelOf(config?.Image),
        labels: textsOf(config?.Labels ?? {}),
      };
    }
    return undefined;
  }
}
