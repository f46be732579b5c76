import type { Host } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import type { Voice } from '../../workload/voices.ts';
import type { Runtime } from '../../workload/workload.ts';
import type { LogOnce } from '../log-once.ts';
import { createMetricsBuilder, type MetricsBuilder } from './metrics-builder.ts';
import { createSpeaker, type Speaker } from './speaker.ts';

/** What a receiver works with once the service has started it. */
export interface ReceiverKit {
  readonly builder: MetricsBuilder;
  readonly speaker: Speaker;
}

/** For whom a receiver speaks. */
export interface Voiced {
  readonly voice: Voice;
  readonly runtimes: readonly Runtime[];
  /** The id of the workload_observer. */
  readonly observer: string;
}

/** Registers the receiver with its observer and counts what its builder drops. */
export function createReceiverKit(
  { telemetry, id }: Settings,
  service: Host,
  { voice, runtimes, observer }: Voiced,
  said: LogOnce,
): ReceiverKit {
  const dropped = telemetry.counter('sandgauge_source_dropped_points', { source: id.text });
  return {
    builder: createMetricsBuilder(service.resource, dropped),
    speaker: createSpeaker(service.extension(observer), voice, runtimes, said),
  };
}
