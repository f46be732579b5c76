import {
  type Identity,
  isWorkloadObserver,
  type Known,
  type WorkloadObserver,
} from '../../workload/observer.ts';
import type { MetricGroup, Voice } from '../../workload/voices.ts';
import type { Runtime, Workload } from '../../workload/workload.ts';
import type { LogOnce } from '../log-once.ts';

/** A receiver's side of the workload_observer. */
export interface Speaker {
  announce(workload: Workload, known?: Known): void;
  /** All that is this receiver's own has just been listed. */
  listed(): void;
  identify(workload: Workload): Identity | undefined;
  maySpeak(workload: Workload, group: MetricGroup): boolean;
  withdraw(workload: Workload): void;
  /** What a container runtime tells; undefined where none is asked. */
  readonly writtenLayer: WorkloadObserver['writtenLayer'];
}

/** Without an observer series carry ids only, and nobody disputes this receiver's word. */
export function createSpeaker(
  extension: unknown,
  voice: Voice,
  runtimes: readonly Runtime[],
  said: LogOnce,
): Speaker {
  if (!isWorkloadObserver(extension)) {
    said.trouble('observer', 'No workload_observer is configured: series carry ids only');
    return {
      announce() {},
      listed() {},
      identify: ({ id }) => ({ labels: Object.freeze({ id }), facts: undefined }),
      maySpeak: () => true,
      withdraw() {},
      writtenLayer: undefined,
    };
  }
  extension.register(voice, runtimes);
  return {
    announce: extension.announce,
    listed: () => extension.listed(voice),
    identify: extension.identify,
    maySpeak: (workload, group) => extension.claim(voice, workload, group) === 'granted',
    withdraw: extension.withdraw,
    writtenLayer: extension.writtenLayer,
  };
}
