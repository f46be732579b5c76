import { describe, expect, test } from 'vitest';
import { endedPoint, type HistogramPoint, type SummaryPoint } from '../../../src/pdata/point.ts';
import { metricstransform } from '../../../src/processors/metricstransform/factory.ts';
import { at, counter, NOW, runProcessor, seriesOf, shown } from '../../support/processor.ts';

const RX = seriesOf(counter({ name: 'net_rx' }), { device: 'eth0' });
const TX = seriesOf(counter({ name: 'net_tx' }), { device: 'eth0' });

const run = (...transforms: readonly string[]) =>
  runProcessor(metricstransform, `transforms: [${transforms.map((each) => `{${each}}`)}]`);

describe('what a transform does', () => {
  test.each<[string, string[]]>([
    [
      'include: net_rx, action: update, new_name: rx',
      ['rx{id=/a,device=eth0} 1', 'net_tx{id=/a,device=eth0} 2'],
    ],
    [
      'include: net_rx, action: insert, new_name: rx',
      ['net_rx{id=/a,device=eth0} 1', 'rx{id=/a,device=eth0} 1', 'net_tx{id=/a,device=eth0} 2'],
    ],
    [
      'include: "^net_(.)x$", match_type: regexp, action: update, new_name: "io.${1}"',
      ['io.r{id=/a,device=eth0} 1', 'io.t{id=/a,device=eth0} 2'],
    ],
    [
      'include: "net_(?P<way>.)x", match_type: regexp, action: update, new_name: "$way.$$.${0}"',
      ['r.$.net_rx{id=/a,device=eth0} 1', 't.$.net_tx{id=/a,device=eth0} 2'],
    ],
    [
      'include: net, match_type: regexp, action: update, operations: [{action: add_label, new_label: by, new_value: "v{{version}}"}, {action: add_label, new_label: id, new_value: x}]',
      ['net_rx{id=/a,by=v1.2.3,device=eth0} 1', 'net_tx{id=/a,by=v1.2.3,device=eth0} 2'],
    ],
    [
      'include: net_rx, action: update, operations: [{action: update_label, label: device, new_label: interface, value_actions: [{value: eth0, new_value: lan}]}]',
      ['net_rx{id=/a,interface=lan} 1', 'net_tx{id=/a,device=eth0} 2'],
    ],
    [
      'include: net_rx, action: update, operations: [{action: update_label, label: device, new_label: id}]',
      ['net_rx{id=eth0} 1', 'net_tx{id=/a,device=eth0} 2'],
    ],
    [
      'include: net_rx, action: update, operations: [{action: delete_label_value, label: device, label_value: eth0}]',
      ['net_tx{id=/a,device=eth0} 2'],
    ],
    [
      'include: net, match_type: regexp, experimental_match_labels: {device: "^e", none: "^$"}, action: update, operations: [{action: experimental_scale_value, experimental_scale: 8}]',
      ['net_rx{id=/a,device=eth0} 8', 'net_tx{id=/a,device=eth0} 16'],
    ],
    [
      'include: net_rx, experimental_match_labels: {device: lo}, action: update, new_name: x',
      ['net_rx{id=/a,device=eth0} 1', 'net_tx{id=/a,device=eth0} 2'],
    ],
  ])('%s', async (transform, expected) => {
    const { pass } = await run(transform);
    expect(shown(await pass(at(RX, 1, 1), at(TX, 1, 2)))).toEqual(expected);
  });

  test('later transforms see what those before made', async () => {
    const { pass } = await run(
      'include: net_rx, action: insert, new_name: a',
      'include: a, action: update, new_name: b',
    );
    expect(shown(await pass(at(RX, 1, 1)))).toEqual([
      'net_rx{id=/a,device=eth0} 1',
      'b{id=/a,device=eth0} 1',
    ]);
  });

  test('series are made once, share descriptor and labels of the workload, and end', async () => {
    const { pass } = await run(
      'include: net, match_type: regexp, action: update, new_name: io, operations: [{action: add_label, new_label: by, new_value: x}]',
    );
    const lo = seriesOf(RX.descriptor, { device: 'lo' });
    const other = { ...lo, identity: RX.identity };
    const [first] = await pass(at(RX, 1, 1));
    const [again, second] = await pass(at(RX, 2, 1), at(other, 2, 1));
    expect(again?.series).toBe(first?.series);
    expect(second?.series.descriptor).toBe(first?.series.descriptor);
    expect(second?.series.identity).toBe(first?.series.identity);
    const [ended] = await pass(endedPoint(RX, NOW + 3000));
    expect(ended?.series).toBe(first?.series);
    expect(shown([ended as never])).toEqual(['io{id=/a,by=x,device=eth0} ended']);
  });

  test('what no transform names is the same point', async () => {
    const { pass } = await run('include: other, action: update, new_name: x');
    const point = at(RX, 1, 1);
    expect((await pass(point))[0]).toBe(point);
  });
});

describe('scale', () => {
  const scale = (factor: number) =>
    run(
      `include: net_rx, action: update, operations: [{action: experimental_scale_value, experimental_scale: ${factor}}]`,
    );

  test('by a whole number keeps whole numbers exact; by a part of one it gives doubles', async () => {
    const value = 2 ** 40 + 1;
    const [whole] = await (await scale(1024)).pass(at(RX, 1, value));
    expect(whole).toMatchObject({ value: 1024 * value });
    expect(whole?.series.descriptor).toMatchObject({ valueType: 'int', unit: '', type: 'sum' });
    const [part] = await (await scale(1 / 1024)).pass(at(RX, 1, value));
    expect(part).toMatchObject({ value: value / 1024 });
    expect(part?.series.descriptor.valueType).toBe('double');
    expect(part?.start).toBe(NOW);
  });

  test('histograms and summaries: sums, bounds and quantiles, not counts', async () => {
    const { pass } = await scale(1000);
    const histogram: HistogramPoint = {
      ...{ kind: 'histogram', start: NOW, time: NOW + 1, flags: 0, count: 3, sum: 2.5 },
      ...{ bounds: [0.5, 1], counts: [1, 1, 1] },
      series: seriesOf(counter({ name: 'net_rx', type: 'histogram', monotonic: false })),
    };
    const summary: SummaryPoint = {
      ...{ kind: 'summary', start: NOW, time: NOW + 1, flags: 0, count: 3, sum: 2.5 },
      quantiles: [[0.5, 0.75]],
      series: seriesOf(counter({ name: 'net_rx', type: 'summary', monotonic: false })),
    };
    expect(await pass(histogram)).toMatchObject([
      { count: 3, sum: 2500, bounds: [500, 1000], counts: [1, 1, 1] },
    ]);
    expect(await pass(summary)).toMatchObject([{ count: 3, sum: 2500, quantiles: [[0.5, 750]] }]);
  });
});

describe('two series become one', () => {
  const toIo = 'include: "^net_.x$", match_type: regexp, action: update, new_name: io';

  test('the first one stays, the other is left out, counted and said once', async () => {
    const { pass, dropped, log } = await run(toIo);
    for (let pass_ = 1; pass_ < 4; pass_++) {
      const order =
        pass_ === 1 ? [at(RX, pass_, 1), at(TX, pass_, 2)] : [at(TX, pass_, 2), at(RX, pass_, 1)];
      expect(shown(await pass(...order))).toEqual(['io{id=/a,device=eth0} 1']);
    }
    expect(dropped('collision')).toBe(3);
    expect(log).toEqual([
      'Points are dropped: transforms give two series the same name and labels',
    ]);
  });

  test('the end of the one that was left out ends nothing, and its place is never handed on', async () => {
    const { pass } = await run(toIo);
    await pass(at(RX, 1, 1), at(TX, 1, 2));
    expect(await pass(endedPoint(TX, NOW + 2))).toEqual([]);
    expect(shown(await pass(endedPoint(RX, NOW + 3000)))).toEqual(['io{id=/a,device=eth0} ended']);
    expect(await pass(at(TX, 4, 2))).toEqual([]);
    expect(shown(await pass(at(RX, 5, 3)))).toEqual(['io{id=/a,device=eth0} 3']);
    const fresh = { ...TX };
    await pass(endedPoint(RX, NOW + 6000));
    expect(shown(await pass(at(fresh, 7, 9)))).toEqual(['io{id=/a,device=eth0} 9']);
  });

  test('a series that has the name already, though no transform names it', async () => {
    const io = seriesOf(counter({ name: 'io' }), { device: 'eth0' });
    const { pass, dropped } = await run('include: net_rx, action: update, new_name: io');
    expect(shown(await pass(at(io, 1, 5), at(RX, 1, 1)))).toEqual(['io{id=/a,device=eth0} 5']);
    expect(dropped('collision')).toBe(1);
  });

  test('labels that become the same; an empty label is an absent one', async () => {
    const lo = seriesOf(RX.descriptor, { device: 'lo' });
    const none = seriesOf(RX.descriptor, { device: 'none', zone: '' });
    const { pass, dropped } = await run(
      'include: net_rx, action: update, operations: [{action: update_label, label: device, value_actions: [{value: lo, new_value: any}, {value: none, new_value: any}]}]',
    );
    expect(shown(await pass(at(lo, 1, 5), at(none, 1, 6)))).toEqual(['net_rx{id=/a,device=any} 5']);
    expect(dropped('collision')).toBe(1);
  });

  test('one name for metrics of two types is refused, whatever their labels', async () => {
    const gauge = seriesOf(
      counter({ name: 'net_tx', type: 'gauge', monotonic: false, temporality: 'unspecified' }),
      { device: 'lo' },
    );
    const { pass, dropped, log } = await run(toIo);
    expect(shown(await pass(at(RX, 1, 1), at(gauge, 1, 2)))).toEqual(['io{id=/a,device=eth0} 1']);
    expect(await pass(endedPoint(gauge, NOW + 2))).toEqual([]);
    expect(dropped('collision')).toBe(1);
    expect(log[0]).toContain('another type or unit');
  });

  test('series of two resources do not meet', async () => {
    const there = { ...TX, resource: { attributes: { 'host.name': 'there' } } };
    const { pass, dropped } = await run(toIo);
    expect(await pass(at(RX, 1, 1), at(there, 1, 2))).toHaveLength(2);
    expect(dropped('collision')).toBe(0);
  });
});

test.each([
  ['', 'transforms: must have at least one transform'],
  ['action: update, new_name: x', '0::include: is required'],
  ['include: x', '0::action: is required'],
  ['include: x, action: insert', '0::new_name: is required for insert'],
  ['include: x, action: combine', 'not supported: combine, group'],
  ['include: "(", match_type: regexp, action: update', '0::include: Invalid regular expression'],
  ['include: x, match_type: regexp, action: update, new_name: "$1"', '$1 is no group of include'],
  ['include: x, action: update, operations: [{}]', 'operations::0::action: is required'],
  ['include: x, action: update, operations: [{action: aggregate_labels}]', 'not supported: toggle'],
  [
    'include: x, action: update, operations: [{action: add_label, new_label: y}]',
    'new_value: is required',
  ],
  ['include: x, action: update, operations: [{action: update_label}]', 'label: is required'],
  [
    'include: x, action: update, operations: [{action: delete_label_value, label: y}]',
    'label_value: is',
  ],
  [
    'include: x, action: update, operations: [{action: experimental_scale_value}]',
    'must be more than 0',
  ],
  ['include: x, action: update, aggregation_type: sum', 'aggregation_type: unknown key'],
])('%s is refused', async (transform, reason) => {
  const made = run(...(transform === '' ? [] : [transform]));
  await expect(made).rejects.toThrow(reason);
});
