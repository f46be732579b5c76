import type { Settings } from '../../component/factory.ts';
import { createBufferPool } from '../../helper/exporter/buffer-pool.ts';
import { createRefusals } from '../../helper/exporter/refusals.ts';
import type { ExportRequest } from '../../helper/exporter/request.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { escapeName, metricName } from '../../helper/prometheus/names.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import type { Resource } from '../../pdata/series.ts';
import type { Config } from './config.ts';
import { createFamilies } from './families.ts';
import { createLabelFields } from './fields.ts';
import { createLedger } from './ledger.ts';
import { encodeRequests } from './request.ts';
import { compressSnappy } from './snappy.ts';

/**
 * Makes the encoder of batches into compressed requests. Those of a batch are of one turn: each has
 * other series, so they may go side by side, and the next batch's must wait.
 */
export function createEncoder(
  settings: Settings,
  config: Config,
): (batch: Batch) => ExportRequest[] {
  const names = new WeakMap<Descriptor, string>();
  const pool = createBufferPool();
  const ledger = createRemoteLedger(settings, config, nameOf);
  const familiesOf = createFamilies(nameOf);
  const said = createLogOnce(settings.telemetry.logger);
  let turn = 0;
  return ({ points }) => {
    turn++;
    const [first] = points;
    if (first !== undefined && !tellsHost(config, first.series.resource)) {
      said.trouble('host', 'Series do not tell their host: with a second agent they would mix', {
        exporter: settings.id.text,
        advice: 'set external_labels, or resource_to_telemetry_conversion::enabled',
      });
    }
    const samples = ledger.accept(points);
    const requests = encodeRequests(samples, config.max_batch_size_bytes, pool.take, finish);
    if (config.send_metadata && points.length > 0) {
      requests.unshift({ bytes: compressSnappy(familiesOf(points)), points: 0, turn });
    }
    return requests;
  };

  function finish(bytes: Buffer, points: number): ExportRequest {
    const request = { bytes: compressSnappy(bytes), points, turn };
    pool.give(bytes);
    return request;
  }

  function nameOf(descriptor: Descriptor): string {
    const known = names.get(descriptor);
    if (known !== undefined) return known;
    const strategy = config.add_metric_suffixes
      ? 'UnderscoreEscapingWithSuffixes'
      : 'UnderscoreEscapingWithoutSuffixes';
    const name = escapeName(metricName(descriptor, strategy, config.namespace));
    names.set(descriptor, name);
    return name;
  }
}

function tellsHost(config: Config, { attributes }: Resource): boolean {
  return (
    config.resource_to_telemetry_conversion.enabled ||
    Object.keys(config.external_labels).length > 0 ||
    'service.instance.id' in attributes
  );
}

function createRemoteLedger(
  settings: Settings,
  config: Config,
  nameOf: (descriptor: Descriptor) => string,
) {
  const { telemetry, id } = settings;
  const refuse = createRefusals(settings);
  const prefix = config.namespace === '' ? '' : `${config.namespace}_`;
  return createLedger({
    fields: createLabelFields({
      external: config.external_labels,
      resource: config.resource_to_telemetry_conversion.enabled,
    }),
    nameOf,
    targetName: config.target_info.enabled ? escapeName(`${prefix}target_info`) : undefined,
    maxRows: config.max_series,
    refused: {
      duplicate: refuse(
        'duplicate',
        telemetry.counter('sandgauge_exporter_duplicate_points', { exporter: id.text }),
      ),
      overflow: refuse('max_series'),
      late: refuse('late'),
      delta: refuse('delta'),
    },
    now: () => performance.now(),
  });
}
