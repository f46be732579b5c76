import { expect, test } from 'vitest';
import { DISK_IO } from '../../../src/catalog/disk-io.ts';
import { createLabelledRecorders } from '../../../src/helper/receiver/labelled-recorders.ts';
import { createMetricsBuilder } from '../../../src/helper/receiver/metrics-builder.ts';
import { createRowTable } from '../../../src/helper/receiver/row-table.ts';
import { isEnded } from '../../../src/pdata/point.ts';

test('what takes the name of another begins when that was last read', () => {
  const builder = createMetricsBuilder({ attributes: {} }, { add() {} });
  const table = createRowTable(() => true);
  const rows = table.add<number>([[DISK_IO.container_fs_reads_total, (count) => count]]);
  const owner = { labels: () => ({ id: '/a' }), start: () => 5 };
  const devices = createLabelledRecorders(builder, table, owner, 'device');
  /** [start, value] of a pass; what ended in it comes first. */
  const pass = (now: number, count: number, readAt = now) => {
    builder.begin(now);
    const recorder = devices.of('vda', count);
    if (recorder !== undefined) rows.record(recorder, count, readAt);
    devices.sweep();
    return builder
      .finish()
      .map((point) =>
        isEnded(point) ? 'ended' : [point.start, (point as { value?: number }).value],
      );
  };
  expect(pass(10, 7)).toEqual([[5, 7]]);
  expect(pass(20, 9, 18)).toEqual([[5, 9]]);
  expect(pass(30, 2)).toEqual(['ended', [18, 2]]);
  expect(pass(40, 3)).toEqual([[18, 3]]);
});
