import type { Settings } from '../../component/factory.ts';
import type { Counter } from '../../component/telemetry.ts';
import { createLogOnce } from '../log-once.ts';

/** Why an exporter refuses points, and what is said of it. */
const MESSAGES = {
  max_series: 'Refused points of more series than max_series',
  type_conflict: 'Refused a metric whose name another type has',
  duplicate: 'Refused points whose name and labels another series has',
  late: 'Refused points that are not later than the last of their series',
  delta: 'Refused points of a metric that is a delta, not cumulative',
} as const;

/** Makes counters of points that an exporter refuses, if not a given one; each is also said once. */
export function createRefusals({
  telemetry,
  id,
}: Settings): (reason: keyof typeof MESSAGES, counter?: Counter) => Counter {
  const labels = { exporter: id.text };
  const said = createLogOnce(telemetry.logger);
  return (reason, given) => {
    const name = 'sandgauge_exporter_refused_points';
    const counter = given ?? telemetry.counter(name, { ...labels, reason });
    return {
      add(amount) {
        counter.add(amount);
        said.trouble(reason, MESSAGES[reason], labels);
      },
    };
  };
}
