import type { LogOnce } from '../../helper/log-once.ts';
import { type Identity, isWorkloadObserver } from '../../workload/observer.ts';
import type { MetricGroup } from '../../workload/voices.ts';
import type { Workload } from '../../workload/workload.ts';

/** This receiver's side of the workload_observer. */
export interface Speaker {
  announce(workload: Workload): void;
  identify(workload: Workload): Identity | undefined;
  maySpeak(workload: Workload, group: MetricGroup): boolean;
  withdraw(workload: Workload): void;
}

/** Without an observer series carry ids only, and nobody disputes this receiver's word. */
export function createSpeaker(extension: unknown, said: LogOnce): Speaker {
  if (!isWorkloadObserver(extension)) {
    said.trouble('observer', 'No workload_observer is configured: series carry ids only');
    return {
      announce() {},
      identify: ({ id }) => ({ labels: Object.freeze({ id }), facts: undefined }),
      maySpeak: () => true,
      withdraw() {},
    };
  }
  extension.register('cgroup', ['runc']);
  return {
    announce: extension.announce,
    identify: extension.identify,
    maySpeak: (workload, group) => extension.claim('cgroup', workload, group) === 'granted',
    withdraw: extension.withdraw,
  };
}
