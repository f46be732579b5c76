import type { Extension } from '../../component/component.ts';
import { type ExtensionFactory, NO_LIFECYCLE, type Settings } from '../../component/factory.ts';
import type { Labels } from '../../pdata/series.ts';
import { createIdentity } from '../../workload/identity.ts';
import type { WorkloadObserver } from '../../workload/observer.ts';
import type { Workload } from '../../workload/workload.ts';
import { createClaims } from './claims.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';

const RELIST_MILLIS = 60_000;

/** Makes workload_observer extensions. */
export const workloadObserver: ExtensionFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createObserver,
};

function createObserver(settings: Settings): Extension & WorkloadObserver {
  const claims = createClaims(settings.now, RELIST_MILLIS);
  const identities = new Map<string, Labels>();
  return {
    ...NO_LIFECYCLE,
    register: claims.register,
    claim: claims.claim,
    announce(workload: Workload): Labels {
      claims.announce(workload);
      const known = identities.get(workload.id);
      if (known !== undefined) return known;
      const identity = createIdentity(workload);
      identities.set(workload.id, identity);
      return identity;
    },
    withdraw(workload: Workload): void {
      claims.withdraw(workload);
      identities.delete(workload.id);
    },
  };
}
