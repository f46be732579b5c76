import type { Host } from '../../src/component/component.ts';
import { parseComponentId } from '../../src/component/id.ts';
import { decode } from '../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import { createChunkPool } from '../../src/exporters/prometheus/chunks.ts';
import { createStore } from '../../src/exporters/prometheus/store.ts';
import { renderText } from '../../src/exporters/prometheus/text.ts';
import { workloadObserver } from '../../src/extensions/workload_observer/factory.ts';
import { cgroup } from '../../src/receivers/cgroup/factory.ts';
import { createOwnMetrics } from '../../src/service/telemetry.ts';

/** A cgroup receiver that is read by hand and printed as text. */
export interface ReadReceiver {
  /** One collection as exposition text. */
  read(): Promise<string>;
  shutdown(): Promise<void>;
}

/** Runs the receiver over a root with its own clock; `yaml` is its section. */
export async function runReceiver(yaml: string, now: () => number): Promise<ReadReceiver> {
  const metrics = createOwnMetrics();
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge };
  const settingsOf = (id: string) => ({ id: parseComponentId(id, ''), telemetry, now });
  const config = decode(cgroup.config, confOf(parseYaml(yaml, 'test')));
  const observer = workloadObserver.create(
    settingsOf('workload_observer'),
    decode(workloadObserver.config, confOf(parseYaml(`root_path: ${config.root_path}`, 'test'))),
  );
  const store = createStore(metrics.counter('duplicates'));
  let generation = 0;
  const receiver = cgroup.create(settingsOf('cgroup'), config, {
    consume: async (batch) => store.accept(batch, generation),
  });
  const host: Host = {
    resource: { attributes: {} },
    extension: () => observer,
    collect: async () => {},
  };
  await receiver.start(host);
  return {
    async read() {
      generation++;
      await receiver.collectNow(performance.now() + 10_000);
      const chunks = await renderText(
        store.families(),
        { generation, timestamps: false },
        createChunkPool(),
      );
      return Buffer.concat(chunks).toString();
    },
    shutdown: () => receiver.shutdown(),
  };
}
