import type { Settings } from '../../component/factory.ts';
import type { Counter } from '../../component/telemetry.ts';
import { createLogOnce } from '../log-once.ts';

/** Makes counters of points that an exporter refuses, if not a given one; each is also said once. */
export function createRefusals({
  telemetry,
  id,
}: Settings): (reason: string, message: string, counter?: Counter) => Counter {
  const labels = { exporter: id.text };
  const said = createLogOnce(telemetry.logger);
  return (reason, message, given) => {
    const name = 'sandgauge_exporter_refused_points';
    const counter = given ?? telemetry.counter(name, { ...labels, reason });
    return {
      add(amount) {
        counter.add(amount);
        said.trouble(reason, message, labels);
      },
    };
  };
}
