import type { Consumer } from '../component/component.ts';
import type { Telemetry } from '../component/telemetry.ts';

/** Hands each batch to all; a consumer that refuses does not keep it from the others. */
export function fanOut(consumers: readonly Consumer[]): Consumer {
  const [only] = consumers;
  if (only !== undefined && consumers.length === 1) return only;
  return {
    async consume(batch) {
      const results = await Promise.allSettled(consumers.map((each) => each.consume(batch)));
      const errors = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as Error] : []));
      if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('; '));
    },
  };
}

/**
 * Counts what an edge of the graph takes and what is refused, under the Collector's names; `settled`
 * hears of each batch.
 */
export function counted(
  next: Consumer,
  telemetry: Telemetry,
  kind: 'receiver' | 'exporter',
  id: string,
  settled: (error?: unknown) => void = () => {},
): Consumer {
  const [good, bad] = kind === 'receiver' ? ['accepted', 'refused'] : ['sent', 'send_failed'];
  const accepted = telemetry.counter(`otelcol_${kind}_${good}_metric_points`, { [kind]: id });
  const refused = telemetry.counter(`otelcol_${kind}_${bad}_metric_points`, { [kind]: id });
  return {
    async consume(batch) {
      try {
        await next.consume(batch);
        accepted.add(batch.points.length);
        settled();
      } catch (error) {
        refused.add(batch.points.length);
        settled(error);
        throw error;
      }
    },
  };
}

/** Counts the points that go into a processor, or come out of it, under the Collector's names. */
export function countedItems(
  next: Consumer,
  telemetry: Telemetry,
  direction: 'incoming' | 'outgoing',
  processor: string,
): Consumer {
  const items = telemetry.counter(`otelcol_processor_${direction}_items`, { processor });
  return {
    consume(batch) {
      items.add(batch.points.length);
      return next.consume(batch);
    },
  };
}
