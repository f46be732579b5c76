import type { Extension } from '../../component/component.ts';
import { type ExtensionFactory, NO_LIFECYCLE, type Settings } from '../../component/factory.ts';
import { createLayerPlaces } from '../../helper/cri/places.ts';
import { createSocketClient } from '../../helper/cri/socket.ts';
import { createLogOnce, type LogOnce } from '../../helper/log-once.ts';
import { createSource, createStateCounts } from '../../helper/source-state.ts';
import { createRootedPaths } from '../../platform/file/rooted.ts';
import type { WorkloadObserver } from '../../workload/observer.ts';
import { createBundles } from './bundles.ts';
import { createClaims } from './claims.ts';
import { CONFIG, type Config } from './config.ts';
import { createIdentities } from './identities.ts';
import { METADATA } from './metadata.ts';
import { createRuntimeNames, type RuntimeNames } from './runtime-names.ts';

const RELIST_MILLIS = 60_000;

/** Makes workload_observer extensions. */
export const workloadObserver: ExtensionFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createObserver,
};

function createObserver(settings: Settings, config: Config): Extension & WorkloadObserver {
  const { now, telemetry } = settings;
  const said = createLogOnce(telemetry.logger);
  const claims = createClaims(now, RELIST_MILLIS);
  const runtime = openRuntime(settings, config, said);
  const identities = createIdentities({
    ...{ bundles: createBundles(config, said), runtime },
    now,
    said,
    withheld: telemetry.counter('sandgauge_observer_withheld_workloads'),
    learnt: (workload, { runtime }) => {
      if (runtime !== undefined) claims.learn(workload, runtime);
    },
  });
  return {
    ...NO_LIFECYCLE,
    shutdown: async () => runtime?.close(),
    register: claims.register,
    claim: claims.claim,
    identify: identities.identify,
    known: identities.known,
    ...(runtime && { writtenLayer: runtime.writtenLayer }),
    listed: claims.listed,
    announce(workload, known) {
      claims.announce(workload, known?.sinceMillis);
      identities.announce(workload, known?.facts);
    },
    withdraw(workload) {
      claims.withdraw(workload);
      identities.withdraw(workload);
    },
  };
}

function openRuntime(
  { id, telemetry, now }: Settings,
  { cri_socket, root_path }: Config,
  said: LogOnce,
): RuntimeNames | undefined {
  if (cri_socket === '') return undefined;
  const client = createSocketClient(cri_socket, root_path, 'cri_socket');
  const labels = { source: id.text };
  const counts = createStateCounts(telemetry, 'sandgauge_source_state', labels);
  const source = createSource({
    ...{ said, counts, key: 'cri', fields: { path: client.path } },
    messages: {
      failed: 'The container runtime cannot be asked; names are those of bundles alone',
      recovered: 'The container runtime can be asked again',
    },
    failures: telemetry.counter('sandgauge_source_failures', labels),
  });
  const names = createRuntimeNames({
    ...{ client, source, said, now },
    places: createLayerPlaces(createRootedPaths(root_path)),
  });
  return {
    ...names,
    async close() {
      await names.close();
      counts.close();
    },
  };
}
