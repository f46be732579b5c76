import { createMetricsBuilder } from '../../src/helper/receiver/metrics-builder.ts';
import type { Descriptor } from '../../src/pdata/descriptor.ts';
import type { numberPoint } from '../../src/pdata/point.ts';

const SLOTS = 64;
const gauge = { name: 'x', type: 'gauge', monotonic: false } as unknown as Descriptor;
const sum = { name: 'y', type: 'sum', monotonic: true } as unknown as Descriptor;
const templates = Array.from({ length: SLOTS }, (_, i) => ({
  descriptor: i % 2 === 0 ? gauge : sum,
  labels: {},
}));

/**
 * Throws for NaN among the figures of `stats`, and when one that is not 0 or more, or has no end,
 * comes out of a metrics builder, behind which there is no other guard.
 */
export function checkFigures(stats: object): void {
  const figures = Object.entries(stats).filter(([, value]) => typeof value === 'number');
  const builder = createMetricsBuilder({ attributes: {} }, { add() {} });
  builder.begin(1);
  const recorder = builder.recorder(templates, {}, 0);
  for (const [slot, [key, value]] of figures.entries()) {
    if (Number.isNaN(value)) throw new Error(`${key} is NaN`);
    recorder.record(slot, value);
  }
  for (const point of builder.finish()) {
    const { value } = point as ReturnType<typeof numberPoint>;
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw new Error(`${value} left`);
  }
}
