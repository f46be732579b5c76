import type { MapBatch } from '../../helper/processor/map-series.ts';
import { endedPoint, isEnded, type NumberPoint, type Point } from '../../pdata/point.ts';
import { createPlans, type Output, type Plan, type Workload } from './plan.ts';
import { CPU_ROWS } from './sources.ts';

/** Makes the translation of batches; each should hold what one pass told of a workload. */
export function createTranslator(unmapped: 'keep' | 'drop'): MapBatch {
  const planOf = createPlans(unmapped);
  let current = 0;
  return (batch) => {
    current++;
    const plans = batch.points.map(({ series }) => planOf(series));
    for (const [i, point] of batch.points.entries()) note(point, plans[i] as Plan);
    const points: Point[] = [];
    for (const [i, point] of batch.points.entries()) translate(point, plans[i] as Plan, points);
    return { ...batch, points };
  };

  function note(point: Point, { cell }: Plan): void {
    if (cell === undefined || point.kind !== 'number' || isEnded(point)) return;
    cell.value = point.value;
    cell.batch = current;
  }

  function translate(point: Point, { workload, outputs }: Plan, points: Point[]): void {
    for (const output of outputs) {
      const { cpu, series, formula } = output;
      if (cpu !== undefined) {
        workload.cpu ??= choose(workload);
        if (workload.cpu !== cpu) continue;
      }
      const made =
        formula === undefined || point.kind !== 'number'
          ? { ...point, series }
          : calculated(point, output);
      if (made !== undefined) points.push(made);
    }
  }

  /** Both modes, else the total; a total that comes later would count the modes again. */
  function choose({ cells }: Workload): Workload['cpu'] {
    const isThere = (key: string) => cells.get(key)?.batch === current;
    if (CPU_ROWS.modes.every(isThere)) return 'modes';
    if (CPU_ROWS.total.some(isThere)) return 'total';
    return CPU_ROWS.modes.some(isThere) ? 'modes' : undefined;
  }

  /** A series without a value any more ends, and may come again. */
  function calculated(point: NumberPoint, output: Output): Point | undefined {
    const value = isEnded(point) ? undefined : resultOf(point, output);
    const { series, last } = output;
    output.last = value;
    if (value !== undefined) return { ...point, series, value };
    return last === undefined ? undefined : endedPoint(series, point.time);
  }

  function resultOf({ value, time }: NumberPoint, output: Output): number | undefined {
    const { formula, other, series, last = 0 } = output;
    if (other !== undefined && other.batch !== current) return undefined;
    const made = formula?.of(value, other?.value ?? Number.NaN, time);
    // A major fault is counted among all faults a moment before it is counted as major.
    return made !== undefined && series.descriptor.monotonic ? Math.max(made, last) : made;
  }
}
