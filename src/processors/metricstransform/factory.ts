import type { Consumer, Processor } from '../../component/component.ts';
import type { ProcessorFactory, Settings } from '../../component/factory.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { createLabelSharing } from '../../helper/processor/share-labels.ts';
import { isEnded, type Point } from '../../pdata/point.ts';
import { createSeries, type Series } from '../../pdata/series.ts';
import { createClaims, type Place } from './claims.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import type { Draft } from './operations.ts';
import { scalePoint } from './scale-point.ts';
import { createTransforms } from './transforms.ts';

/** Makes metricstransform processors. */
export const metricstransform: ProcessorFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createMetricsTransform,
};

/** One of the series that a series becomes. */
interface Output extends Draft {
  /** Undefined for one that cannot meet another; 'refused' for one of another kind than its name. */
  readonly place: Place | 'refused' | undefined;
}

function createMetricsTransform(
  { id, telemetry }: Settings,
  { transforms: configs }: Config,
  next: Consumer,
): Processor {
  const processor = id.text;
  let version = '';
  const around = { share: createLabelSharing(), version: () => version };
  const transforms = createTransforms(configs, `processors::${processor}::transforms`, around);
  const claims = createClaims();
  const said = createLogOnce(telemetry.logger);
  const labels = { processor, reason: 'collision' };
  const collisions = telemetry.counter('sandgauge_processor_dropped_points', labels);
  const known = new WeakMap<Series, readonly Output[]>();
  return {
    async start(host) {
      version = host.version ?? '';
    },
    async shutdown() {},
    async flush() {},
    async consume(batch) {
      const points: Point[] = [];
      for (const point of batch.points) transform(point, points);
      if (points.length > 0) await next.consume({ ...batch, points });
    },
  };

  function transform(point: Point, points: Point[]): void {
    const outputs = known.get(point.series) ?? outputsOf(point.series);
    known.set(point.series, outputs);
    for (const output of outputs) {
      if (passes(output, isEnded(point))) points.push(scalePoint(point, output));
    }
  }

  function outputsOf(series: Series): Output[] {
    return transforms.apply(series).map((draft) => {
      const { descriptor, identity, labels: own, resource } = draft.series;
      const mayCollide = transforms.mayCollide(descriptor.name);
      if (!mayCollide && descriptor === series.descriptor) return { ...draft, place: undefined };
      const common = claims.describe(descriptor, mayCollide);
      if (common === undefined) return { ...draft, place: 'refused' };
      const made = createSeries(common, identity, own, resource);
      const isSame = draft.series === series && common === descriptor;
      const output = { ...draft, series: isSame ? series : made };
      return { ...output, place: mayCollide ? claims.placeOf(made) : undefined };
    });
  }

  function passes({ series, place }: Output, isEnd: boolean): boolean {
    if (place === undefined) return true;
    if (place !== 'refused' && (isEnd ? claims.release(place) : claims.holds(place))) return true;
    if (isEnd) return false;
    collisions.add(1);
    const { name } = series.descriptor;
    const what =
      place === 'refused'
        ? 'the new name of a metric is that of one with another type or unit'
        : 'transforms give two series the same name and labels';
    said.trouble(name, `Points are dropped: ${what}`, { processor, metric: name });
    return false;
  }
}
