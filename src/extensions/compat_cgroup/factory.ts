import type { Extension } from '../../component/component.ts';
import type { ExtensionFactory, Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { parseHierarchies } from '../../platform/cgroupfs/hierarchies.ts';
import { createRootedPaths } from '../../platform/file/rooted.ts';
import { isBelowPidNamespace, readMountinfo } from '../../platform/procfs/host.ts';
import { CONFIG, type Config } from './config.ts';
import { createKeeper } from './keeper.ts';
import { METADATA } from './metadata.ts';

/** Makes compat_cgroup extensions. */
export const compatCgroup: ExtensionFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createCompatExtension,
};

function createCompatExtension({ id, telemetry }: Settings, config: Config): Extension {
  const paths = createRootedPaths(config.root_path);
  let keeper: ReturnType<typeof createKeeper> | undefined;
  return { start, shutdown };

  async function start(): Promise<void> {
    const hierarchies = parseHierarchies(readMountinfo(paths) ?? '', paths);
    const memory = hierarchies.controller('memory');
    const key = `extensions::${id.text}::root_path`;
    if (memory === undefined) {
      throw new ConfigError(
        key,
        `no cgroup file system is mounted below "${config.root_path}" (looked in proc/1/mountinfo and proc/self/mountinfo); set it to where the host's / is`,
      );
    }
    if (memory.version === 1 && isBelowPidNamespace(paths)) {
      throw new ConfigError(
        key,
        `the processes of "${config.root_path}" are in another PID namespace, in which cgroups look empty that are not; run in the host's (hostPID: true, --pid=host)`,
      );
    }
    keeper = createKeeper({ paths, hierarchies, config, logger: telemetry.logger });
    keeper.start();
  }

  async function shutdown(): Promise<void> {
    keeper?.stop();
    keeper = undefined;
  }
}
