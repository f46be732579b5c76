import type { Extension } from '../../component/component.ts';
import { type ExtensionFactory, NO_LIFECYCLE, type Settings } from '../../component/factory.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import type { WorkloadObserver } from '../../workload/observer.ts';
import { createBundles } from './bundles.ts';
import { createClaims } from './claims.ts';
import { CONFIG, type Config } from './config.ts';
import { createIdentities } from './identities.ts';
import { METADATA } from './metadata.ts';

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
  const identities = createIdentities({
    bundles: createBundles(config, said),
    now,
    said,
    withheld: telemetry.counter('sandgauge_observer_withheld_workloads'),
    learnt: (workload, { runtime }) => {
      if (runtime !== undefined) claims.learn(workload, runtime);
    },
  });
  return {
    ...NO_LIFECYCLE,
    register: claims.register,
    claim: claims.claim,
    identify: identities.identify,
    known: identities.known,
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
